import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Terminal } from '../../../build/release/commands/terminal.ts';
import { createKey } from '../../../build/release/metadata/keys.ts';
import { main } from '../../../build/release/main.ts';
import { tempFolder } from '../../ground/folder.ts';
import { noise, workbench, writeTree } from './workbench.ts';

const program = fileURLToPath(new URL('../../../build/release/moult-release.mjs', import.meta.url));
const run = promisify(execFile);

/** Runs the command in a process of its own in `cwd` and returns its JSON document; what was compiled for one process serves the next. */
async function release(cwd: string, line: string): Promise<Record<string, unknown>> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(cwd, 'compiled') };
  const { stdout } = await run(process.execPath, [program, ...line.split(' '), '--json'], { cwd, env });
  const value: Record<string, unknown> = JSON.parse(stdout);
  return value;
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process. */
async function said(args: readonly string[], options: { input?: string; columns?: number; signal?: AbortSignal } = {}): Promise<Said> {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    input: async () => options.input ?? '',
    columns: options.columns ?? null,
    signal: options.signal ?? new AbortController().signal,
  };
  return { code: await main(args, terminal), out, err };
}

describe('the executable', () => {
  test('leads from nothing to a release that is published, promoted, stopped and taken back', { timeout: 120_000 }, async () => {
    await using folder = await tempFolder();
    const at = folder.path;
    const act = (line: string): Promise<Record<string, unknown>> => release(at, line);
    const signing = '--repo repo --keys keys';
    await writeTree(join(at, 'one'), { a: noise(1, 30_000), 'b*': 'b' });
    await writeTree(join(at, 'two'), { a: Buffer.concat([noise(1, 30_000), Buffer.from('more')]), 'b*': 'b' });
    await writeFile(join(at, 'notes.md'), '## New\n\n- more\n');
    expect(await act('keygen --out keys')).toMatchObject({ profile: 'solo' });
    expect(await act(`init ${signing}`)).toEqual({ repo: 'repo', trustedRoot: join('repo', 'metadata', '1.root.json') });
    const place = '--platform linux --arch x64 --cache cache --level 3';
    const built = await act(`build --tree two --version 1.0.0 ${place} ${signing} --notes notes.md`);
    expect(built).toMatchObject({ version: '1.0.0', patches: [], dropped: [] });
    const changed = [{ target: 'linux-x64', channel: 'stable', version: '1.0.0' }];
    expect(await act(`publish ${signing} --rollout 10`)).toEqual({ published: changed });
    expect(await act('verify --repo repo --trusted-root repo/metadata/1.root.json')).toMatchObject({ ok: true, problems: [] });
    const patching = async (): Promise<void> => {
      await act('patch make one two out.patch --cache cache --level 3');
      expect(await act('patch show out.patch')).toMatchObject({ toVersion: '0.0.1', entries: [{ op: 'patch', path: 'a' }] });
      expect(await act('patch apply one out.patch three')).toMatchObject({ treeDigest: built['treeDigest'], files: 2 });
    };
    const changing = async (): Promise<void> => {
      expect(await act(`promote ${signing} --rollout 50`)).toEqual({ promoted: changed });
      expect(await act(`pause ${signing}`)).toEqual({ paused: changed });
      expect(await act(`resume ${signing}`)).toEqual({ resumed: changed });
      expect(await act(`withdraw 1.0.0 ${signing}`)).toEqual({ withdrawn: changed });
      expect(await act(`timestamp ${signing}`)).toMatchObject({ expires: { timestamp: expect.stringMatching(/Z$/) } });
      expect(await act('doctor --repo repo')).toMatchObject({ ok: true, findings: [] });
    };
    await Promise.all([patching(), changing()]);
  });

  test('serves until it is told to stop, and ends well', async () => {
    await using bench = await workbench();
    await using server = spawnServer(bench.repo);
    const { url } = await server.listening;
    expect((await fetch(`${url}/metadata/timestamp.json`)).status).toBe(200);
    server.stop();
    expect(await server.exit).toBe(0);
  });

  test('on an old Node says in one line what to do', async () => {
    const old = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`;
    await expect(run(process.execPath, ['--import', old, program, 'doctor'])).rejects.toMatchObject({
      code: 6,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*Node 24[^\n]*npx moult-release[^\n]*\n$/),
    });
  });
});

function spawnServer(repo: string): { listening: Promise<{ url: string }>; exit: Promise<number>; stop(): void } & AsyncDisposable {
  const child = spawn(process.execPath, [program, 'serve', '--repo', repo, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit').then(([code]) => Number(code));
  return {
    listening: once(child.stdout, 'data').then(([line]) => {
      const { url }: { url: string } = JSON.parse(String(line));
      return { url };
    }),
    exit,
    stop: () => void child.kill('SIGTERM'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

describe('a failure', () => {
  test('says what happened, what still works, what to do now, and its code', async () => {
    await using folder = await tempFolder();
    const { code, out, err } = await said(['doctor', '--repo', folder.path]);
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 4 });
    expect(err).toMatch(/published before stays as it was[^]*\(usage\/wrong: there is no repository in /);
  });

  test.each([
    [[], 'say which command'],
    [['nonsense'], 'nonsense'],
    [['build'], '--tree'],
    [['init', '--repo', 'r', '--keys', 'k', '--what'], '--what'],
    [['keygen', '--out', 'k', '--profile', 'many'], 'profile'],
    [['publish', '--repo', 'r', '--keys', 'k', '--platform', 'linux'], 'there are no keys'],
    [['serve', '--repo', 'r', '--port', '99999'], 'port'],
    [['serve', '--repo', 'r', '--tls-cert', 'c'], '--tls-key'],
    [['patch', 'apply', '/nowhere/a', '/nowhere/b', '/nowhere/c'], ''],
  ])('of %j is one JSON document where that is asked for', async (args, detail) => {
    const { code, out } = await said([...args, '--json']);
    const { failure }: { failure: { code: string; detail: string; retry: string } } = JSON.parse(out);
    expect(failure).toEqual({ code: expect.any(String), detail: expect.stringContaining(detail), retry: expect.any(String) });
    expect([code, failure.code]).toEqual(detail === '' ? [expect.any(Number), expect.any(String)] : [2, 'usage/wrong']);
  });

  test('of what clients would refuse has exit code 5, of a broken repository 4', async () => {
    await using bench = await workbench();
    const built = await bench.build('1.0.0', { a: noise(1, 3000) });
    await bench.publish();
    await writeFile(join(bench.repo, built.full.url), 'not a package');
    const stale = await said(['verify', '--repo', bench.repo, '--json']);
    expect([stale.code, JSON.parse(stale.out)]).toMatchObject([5, { failure: { code: 'check/stale' } }]);
    const broken = await said(['doctor', '--repo', bench.repo, '--json']);
    expect([broken.code, JSON.parse(broken.out)]).toMatchObject([4, { ok: false }]);
  });

  test('of a stopped command is "cancelled"', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', { a: 'a' });
    const { code, out } = await said(['verify', '--repo', bench.repo, '--json'], { signal: AbortSignal.abort() });
    expect([code, JSON.parse(out)]).toMatchObject([130, { failure: { code: 'job/cancelled' } }]);
  });
});

test('bars are drawn on a terminal only, and nothing with --quiet', async () => {
  await using bench = await workbench();
  await writeTree(join(bench.path, 'tree'), { a: noise(5, 200_000) });
  const line = [
    'build',
    '--tree',
    join(bench.path, 'tree'),
    '--platform',
    'linux',
    '--arch',
    'x64',
    '--repo',
    bench.repo,
    '--keys',
    bench.keysFolder,
  ];
  const args = (version: string): string[] => [...line, '--version', version, '--cache', join(bench.path, 'cache'), '--level', '3'];
  const drawn = await said(args('1.0.0'), { columns: 80 });
  const logged = await said(args('1.0.1'));
  const quiet = await said([...args('1.0.2'), '--quiet'], { columns: 80 });
  expect(drawn.err).toContain('100 %');
  expect(drawn.err).toContain('█');
  expect(logged.err).toMatch(/^reading [^\n]+\nmaking the full package\n$/);
  expect([quiet.err, quiet.out.split('\n')[0]?.startsWith('built 1.0.2 for linux-x64')]).toEqual(['', true]);
});

test('an encrypted key opens with the passphrase on standard input only', async () => {
  await using folder = await tempFolder();
  const [keys, repo] = [join(folder.path, 'keys'), join(folder.path, 'repo')];
  await said(['keygen', '--out', keys]);
  await rm(join(keys, 'snapshot.key'));
  await createKey(join(keys, 'snapshot.key'), 'snapshot', 'correct horse');
  const init = ['init', '--repo', repo, '--keys', keys];
  const codes = [await said(init), await said(init, { input: 'wrong\n' }), await said(init, { input: 'correct horse\n' })].map(
    ({ code }) => code,
  );
  expect(codes).toEqual([2, 2, 0]);
});

test('a team has three root keys', async () => {
  await using folder = await tempFolder();
  const [keys, repo] = [join(folder.path, 'keys'), join(folder.path, 'repo')];
  expect((await said(['keygen', '--out', keys, '--profile', 'team'])).code).toBe(0);
  expect((await said(['init', '--repo', repo, '--keys', keys])).code).toBe(0);
  const root: unknown = JSON.parse(await readFile(join(repo, 'metadata', '1.root.json'), 'utf8'));
  expect(root).toMatchObject({
    signed: { roles: { root: { threshold: 2, keyids: [expect.any(String), expect.any(String), expect.any(String)] } } },
  });
});

test('the change log begins at the revision of the newest published version', async () => {
  await using bench = await workbench();
  const checkout = join(bench.path, 'checkout');
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.org', '-c', 'commit.gpgsign=false'];
    return (await run('git', ['-C', checkout, ...identity, ...args])).stdout.trim();
  };
  await writeTree(checkout, { 'tree/a': 'a' });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-q', '-m', 'feat: the first');
  const line = [
    '--platform',
    'linux',
    '--arch',
    'x64',
    '--repo',
    bench.repo,
    '--keys',
    bench.keysFolder,
    '--cache',
    join(bench.path, 'cache'),
  ];
  const built = await said(['build', '--tree', join(checkout, 'tree'), '--version', '1.0.0', ...line, '--json']);
  const { manifest }: { manifest: { sha256: string } } = JSON.parse(built.out);
  const text = await readFile(join(bench.repo, 'manifests', `${manifest.sha256}.json`), 'utf8');
  expect(JSON.parse(text)).toMatchObject({
    publishedAt: new Date(Number(await git('log', '-1', '--format=%ct')) * 1000).toISOString().replace('.000Z', 'Z'),
    provenance: { revision: await git('rev-parse', 'HEAD') },
  });
  await said(['publish', '--repo', bench.repo, '--keys', bench.keysFolder]);
  await git('commit', '-q', '--allow-empty', '-m', 'fix: the second');
  expect(await release(bench.path, 'changelog --repo repo --checkout checkout')).toEqual({
    notes: { en: '## Fixed\n\n- the second\n' },
    changes: [{ kind: 'fix', text: 'the second' }],
    breaking: [],
  });
});
