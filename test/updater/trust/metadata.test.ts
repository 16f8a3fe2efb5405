import { describe, expect, test } from 'vitest';
import { signMetadata } from '../../../build/release/metadata/sign.ts';
import { canonicalBytes, parseRoot, parseSnapshot, parseTargets, parseTimestamp } from '../../../src/updater/trust/metadata.ts';
import { tempFolder } from '../../ground/folder.ts';
import { ask, forge, newSigner, part, verdict, type Forge } from './forge.ts';

async function answer(repo: Forge): Promise<string> {
  await using folder = await tempFolder();
  return await verdict(ask(repo, folder.path));
}

describe('S32 JSON', () => {
  const serve = (text: string): Promise<string> => {
    const repo = forge();
    repo.files.set('metadata/timestamp.json', Buffer.from(text));
    return answer(repo);
  };

  test.each([
    ['a name twice', '{"signed":{},"signatures":[],"signed":{}}'],
    ['__proto__', '{"__proto__":{},"signed":{},"signatures":[]}'],
    ['a number above 2^53', '{"signed":{"version":9007199254740993},"signatures":[]}'],
    ['a fraction', '{"signed":{"version":1.5},"signatures":[]}'],
    ['a depth of 3,000', `${'['.repeat(3000)}${']'.repeat(3000)}`],
    ['half a surrogate pair', String.raw`{"signed":{"x":"\ud800"},"signatures":[]}`],
    ['a byte order mark', '\uFEFF{"signed":{},"signatures":[]}'],
    ['something after the end', '{"signed":{},"signatures":[]} {}'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
  ])('S32 with %s is refused', async (_what, text) => {
    expect(await serve(text)).toMatch(/^check\/untrusted: /);
  });

  test('S32 a name twice is refused even when everything is signed', async () => {
    const repo = forge();
    const text = Buffer.from(repo.files.get('metadata/timestamp.json') ?? '').toString();
    repo.files.set('metadata/timestamp.json', Buffer.from(text.replace('"version":1}}', '"version":1,"version":1}}')));
    expect(repo.files.get('metadata/timestamp.json')?.length).toBeGreaterThan(text.length);
    expect(await answer(repo)).toMatch(/^check\/untrusted: JSON with the same name twice/);
  });
});

describe('shapes', () => {
  test.each(['root', 'timestamp', 'snapshot', 'targets'])(
    'S09 a %s of another type is refused, however well it is signed',
    async (role) => {
      const repo = forge();
      const part = { root: repo.root, timestamp: repo.timestamp, snapshot: repo.snapshot }[role] ?? repo.roles['targets'];
      Object.assign(part ?? {}, { _type: role === 'targets' ? 'snapshot' : 'targets' });
      if (role === 'root') repo.putRoot();
      else repo.release(...(role === 'targets' ? ['targets'] : []));
      expect(await answer(repo)).toMatch(new RegExp(`^check/untrusted: ${role} _type`));
    },
  );

  test.each(['root', 'timestamp', 'snapshot', 'targets'])('a %s of version 0 is refused, and of a version below it', (role) => {
    const parse = { root: parseRoot, timestamp: parseTimestamp, snapshot: parseSnapshot }[role] ?? parseTargets;
    const repo = forge();
    const whole: object = { root: repo.root, timestamp: repo.timestamp, snapshot: repo.snapshot }[role] ?? { ...repo.roles['targets'] };
    expect(() => parse(signMetadata(whole, []))).not.toThrow();
    for (const version of [0, -1]) expect(() => parse(signMetadata({ ...whole, version }, []))).toThrow(`${role} version`);
  });

  test('S33 more bytes than any role may have are not even parsed', () => {
    const spaces = Buffer.alloc(512 * 1024, ' ');
    const { files } = forge();
    expect(() => parseRoot(Buffer.concat([files.get('metadata/1.root.json') ?? spaces, spaces]))).toThrow('check/untrusted');
  });

  test.each([
    'not a date',
    '',
    '2031-01-01',
    '2031-02-30T00:00:00Z',
    '2031-01-01T24:00:00Z',
    '2031-01-01T00:00:00',
    '2031-01-01T00:00:00.000Z',
    '2031-01-01T00:00:00+00:00',
    '2031-1-1T00:00:00Z',
    '99999-01-01T00:00:00Z',
    1925000000,
    null,
  ])('the date %j is refused, however well it is signed', async (expires) => {
    const repo = forge();
    Object.assign(repo.timestamp, { expires });
    repo.release();
    expect(await answer(repo)).toMatch(/^check\/untrusted: timestamp expires: /);
  });

  test.each([
    ['version', 0],
    ['version', -1],
    ['version', '1'],
    ['spec_version', '2.0.0'],
    ['spec_version', '1'],
    ['spec_version', '10.0'],
    ['_type', 'snapshot'],
    ['meta', {}],
    ['meta', { 'snapshot.json': { version: 0 } }],
  ])('%s %j is refused, however well it is signed', async (field, value) => {
    const repo = forge();
    repo.release();
    repo.timestamp[field] = value;
    repo.put('timestamp');
    expect(await answer(repo)).toMatch(/^check\/untrusted: timestamp /);
  });

  const signer = newSigner();
  const root = part('root', {
    consistent_snapshot: true,
    keys: { [signer.id]: signer.key },
    roles: Object.fromEntries(['root', 'timestamp', 'snapshot', 'targets'].map((role) => [role, { keyids: [signer.id], threshold: 1 }])),
  });

  test.each([
    ['a role is missing', { roles: { ...root.roles, targets: undefined } }],
    ['a role names a key twice', { roles: { ...root.roles, targets: { keyids: [signer.id, signer.id], threshold: 1 } } }],
    ['it does not say how snapshots are kept', { consistent_snapshot: 'yes' }],
    ['a key has no value', { keys: { [signer.id]: { keytype: 'ed25519', scheme: 'ed25519', keyval: {} } } }],
  ])('a root is refused when %s', (_why, change) => {
    const changed: Record<string, unknown> = JSON.parse(JSON.stringify({ ...root, ...change }));
    const bytes = signMetadata(changed, [signer]);
    expect(() => parseRoot(bytes)).toThrow(/^check\/untrusted: root /);
  });

  const role = { name: 'a', keyids: [], threshold: 1, terminating: false, paths: ['*'] };

  test.each([
    ['a top-level name', [{ ...role, name: 'Root' }]],
    ['an empty name', [{ ...role, name: '' }]],
    ['a name of 129 letters', [{ ...role, name: 'x'.repeat(129) }]],
    ['the same name twice', [role, role]],
    ['both kinds of paths', [{ ...role, path_hash_prefixes: ['0'] }]],
    ['no paths', [{ name: 'a', keyids: [], threshold: 1, terminating: false }]],
  ])('a delegation with %s is refused', (_what, roles) => {
    const bytes = signMetadata(part('targets', { targets: {}, delegations: { keys: {}, roles } }), [signer]);
    expect(() => parseTargets(bytes)).toThrow(/^check\/untrusted: targets delegations/);
  });

  test('a target without a hash that we can check is refused when it is asked for', async () => {
    await using folder = await tempFolder();
    const repo = forge();
    repo.add('targets', 'x', 'x');
    Object.assign(repo.roles['targets']?.targets['x'] ?? {}, { hashes: { md5: '9dd4e461268c8034f5c8564e155c67a6' } });
    repo.release('targets');
    const trusted = await ask(repo, folder.path);
    expect(await verdict(trusted.target('x'))).toBe('check/untrusted: x is signed without SHA-256 or SHA-512');
  });
});

test('canonical JSON sorts by code point, escapes two letters only, and keeps numbers whole', () => {
  const value = { ﬀ: 1, '😀': 2, b: ['"\\\n\u0001', true, null, -5], a: {} };
  expect(canonicalBytes(value).toString()).toBe('{"a":{},"b":["\\"\\\\\n\u0001",true,null,-5],"ﬀ":1,"😀":2}');
  for (const bad of [1.5, 2 ** 53, '\ud800', { '\udc00': 1 }, undefined, [undefined], 10n, Number.NaN]) {
    expect(() => canonicalBytes(bad)).toThrow(/^check\/untrusted: /);
  }
});
