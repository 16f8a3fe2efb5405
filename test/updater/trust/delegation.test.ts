import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../../../src/updater/trust/delegation.ts';
import { tempFolder } from '../../ground/folder.ts';
import { ask, delegate, forge, newSigner, sha256, verdict, type DelegationPart, type Forge } from './forge.ts';

type Edge = readonly [by: string, name: string, role?: Partial<DelegationPart>];

/** Builds a repository with these delegations and returns it, ready to be asked. */
function graph(edges: readonly Edge[]): Forge {
  const repo = forge();
  for (const [by, name, role] of edges) delegate(repo, by, { name, ...role });
  repo.release(...Object.keys(repo.roles));
  return repo;
}

/** Which delegated roles were fetched, in order, in the search for a target, and how it ended. */
async function search(repo: Forge, name: string): Promise<{ asked: string[]; answer: string }> {
  await using folder = await tempFolder();
  const trusted = await ask(repo, folder.path);
  repo.asked.length = 0;
  const answer = await verdict(trusted.target(name));
  return {
    asked: repo.asked.filter((file) => file.startsWith('metadata/')).map((file) => file.replace(/^metadata\/\d+\.|\.json$/g, '')),
    answer,
  };
}

describe('the search for a role that speaks for a target', () => {
  test.each<[string, readonly Edge[], string]>([
    ['one delegation', [['targets', 'A']], 'A'],
    [
      'two, in order',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      'A B',
    ],
    [
      'depth first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      'A C D B',
    ],
    [
      'nothing after a terminating one',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', { terminating: true }],
        ['A', 'D'],
      ],
      'A C',
    ],
    [
      'what a terminating one delegates',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', { terminating: true }],
        ['C', 'D'],
      ],
      'A C D',
    ],
    [
      'a terminating one for other paths does not end it',
      [
        ['targets', 'A', { terminating: true, paths: ['*.py'] }],
        ['targets', 'B'],
      ],
      'B',
    ],
    [
      'circles once',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      'A B C D',
    ],
    [
      'itself once',
      [
        ['targets', 'A'],
        ['A', 'A'],
      ],
      'A',
    ],
    [
      'a role that two delegate to once',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      'A C B',
    ],
  ])('visits %s', async (_what, edges, expected) => {
    const { asked, answer } = await search(graph(edges), 'missing');
    expect(asked.join(' ')).toBe(expected);
    expect(answer).toBe('check/no-such-version: nothing is published as missing');
  });

  test('ends after 32 roles', async () => {
    const chain = Array.from({ length: 40 }, (_, i): Edge => [i === 0 ? 'targets' : `r${i - 1}`, `r${i}`]);
    expect((await search(graph(chain), 'missing')).asked.length).toBe(32);
  }, 120_000);

  test('lets the first of two speakers win, and demands the path of the whole chain', async () => {
    const repo = graph([
      ['targets', 'A', { paths: ['a/*'] }],
      ['targets', 'B', { paths: ['a/*', 'b/*'] }],
      ['A', 'C', { paths: ['b/*'] }],
    ]);
    repo.add('A', 'a/x', 'from A');
    repo.add('B', 'a/x', 'from B');
    repo.add('C', 'b/x', 'from C');
    repo.release('A', 'B', 'C');
    await using folder = await tempFolder();
    const trusted = await ask(repo, folder.path);
    expect(Buffer.from(await trusted.target('a/x')).toString()).toBe('from A');
    expect(await verdict(trusted.target('b/x'))).toBe('check/no-such-version: nothing is published as b/x');
  });

  test('goes by hash prefixes where a delegation says so', async () => {
    const digest = sha256('x');
    const repo = graph([
      ['targets', 'A', { path_hash_prefixes: [digest.startsWith('0') ? '1' : '0'] }],
      ['targets', 'B', { path_hash_prefixes: [digest.slice(0, 3)] }],
    ]);
    expect((await search(repo, 'x')).asked).toEqual(['B']);
  });

  test('quotes role names in addresses and on disk', async () => {
    for (const name of ['?', '#', '/up', '../up', "it's (a) *", 'ü']) {
      const { asked } = await search(graph([['targets', name]]), 'missing');
      expect(asked.map(decodeURIComponent)).toEqual([name]);
      expect(asked[0]).toMatch(/^[\w.~%-]+$/);
    }
  });
});

describe('a delegated role', () => {
  test('that is stored is verified again with the keys of whoever delegates to it now', async () => {
    await using folder = await tempFolder();
    const repo = graph([['targets', 'A']]);
    repo.add('A', 'x', 'x');
    repo.release('A');
    await (await ask(repo, folder.path)).target('x');
    const fresh = newSigner();
    const delegations = repo.roles['targets']?.delegations;
    const [role] = delegations?.roles ?? [];
    if (delegations === undefined || role === undefined) throw new Error('no delegation');
    delegations.keys[fresh.id] = fresh.key;
    role.keyids = [fresh.id];
    repo.release('targets');
    const trusted = await ask(repo, folder.path);
    expect(await verdict(trusted.target('x'))).toBe('check/untrusted: A is signed by 0 of the 1 keys that it needs');
    repo.signers['A'] = [fresh];
    repo.release('A');
    expect(await verdict((await ask(repo, folder.path)).target('x'))).toBe('ok');
  });

  test('cannot be signed with the keys of another role', async () => {
    const repo = graph([
      ['targets', 'A'],
      ['targets', 'B'],
    ]);
    repo.signers['A'] = repo.signers['B'] ?? [];
    repo.release('A');
    expect((await search(repo, 'missing')).answer).toBe('check/untrusted: A is signed by 0 of the 1 keys that it needs');
  });

  test('that the snapshot does not list is refused', async () => {
    const repo = graph([]);
    delegate(repo, 'targets', { name: 'A' });
    repo.release('targets');
    expect((await search(repo, 'missing')).answer).toBe('check/untrusted: the snapshot does not list A');
  });
});

test.each([
  ['targets/foo.tgz', 'targets/*.tgz', true],
  ['targets/foo.txt', 'targets/*.tgz', false],
  ['foo-version-2.tgz', 'foo-version-?.tgz', true],
  ['foo-version-alpha.tgz', 'foo-version-?.tgz', false],
  ['targets/foo.tgz', '*.tgz', false],
  ['foo.tgz', 'foo.tgz', true],
  ['offers/stable/linux-x64.json', 'offers/*/*', true],
  ['offers/stable/x/linux-x64.json', 'offers/*/*', false],
  ['offers//x', 'offers/*/*', true],
  ['abcabd', '*ab?', true],
  ['aXbXc', 'a*b*c', true],
  ['aXbX', 'a*b*c', false],
  ['', '*', true],
  ['', '?', false],
  ['a', '[ab]', false],
  ['[ab]', '[ab]', true],
  ['a.b', 'a?b', true],
  ['.hidden', '*', true],
  [`${'a'.repeat(5000)}b`, `${'*a'.repeat(2000)}c`, false],
])('the path %s and the pattern %s: %s', (name, pattern, expected) => {
  expect(matchesPattern(name, pattern)).toBe(expected);
});
