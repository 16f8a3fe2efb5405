import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { compareQuickly, compareTree, scanTree, type TreeDifference } from '../../../src/updater/disk/scan.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob, type Progress } from '../../../src/updater/model/job.ts';
import { emptyTree, treeProblem, type Tree } from '../../../src/updater/model/tree.ts';
import { tempFolder } from '../../ground/folder.ts';

interface Sample extends AsyncDisposable {
  readonly path: string;
  at(name: string): string;
  scan(): Promise<Tree>;
}

/** A small tree: two files in folders, a program, an empty file, two links. */
async function sample(): Promise<Sample> {
  const folder = await tempFolder();
  const at = (name: string): string => join(folder.path, 'tree', name);
  await mkdir(at('lib/deep'), { recursive: true });
  await writeFile(at('lib/deep/b.js'), 'bbb');
  await writeFile(at('lib/ä ö.js'), 'äö');
  await writeFile(at('run'), '#!');
  await writeFile(at('empty'), '');
  await symlink('lib/deep/b.js', at('link'));
  await symlink('../run', at('lib/up'));
  for (const name of ['lib/deep/b.js', 'lib/ä ö.js', 'empty']) await chmod(at(name), 0o644);
  await chmod(at('run'), 0o755);
  return { path: at(''), at, scan: () => scanTree(at(''), quietJob()), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const same: TreeDifference = { missing: [], extra: [], changed: [] };

test('a folder is seen as its files and links, sorted by UTF-8 bytes, with modes and digests', async () => {
  await using tree = await sample();
  const file = (path: string, text: string, mode = 'file'): object => {
    return { path, size: Buffer.byteLength(text), sha256: sha256Hex(text), mode, part: path.startsWith('lib') ? 'app' : 'runtime' };
  };
  const scanned = await scanTree(tree.path, quietJob(), { partOf: (path) => (path.startsWith('lib') ? 'app' : 'runtime') });
  expect(scanned).toEqual({
    files: [file('empty', ''), file('lib/deep/b.js', 'bbb'), file('lib/ä ö.js', 'äö'), file('run', '#!', 'program')],
    links: [
      { path: 'lib/up', target: '../run' },
      { path: 'link', target: 'lib/deep/b.js' },
    ],
  });
  expect([treeProblem(scanned), await compareTree(tree.path, scanned, quietJob())]).toEqual([null, same]);
});

test.each<[string, (tree: Sample) => unknown]>([
  ['a FIFO', (tree) => execFileSync('mkfifo', [tree.at('lib/fifo')])],
  ['a hard link', (tree) => link(tree.at('run'), tree.at('lib/run'))],
  ['a set-user-id bit', (tree) => chmod(tree.at('run'), 0o4755)],
  ['a set-group-id bit', (tree) => chmod(tree.at('run'), 0o2755)],
  ['a file named like the lock', (tree) => writeFile(tree.at('lib/lock.db'), '')],
])('S16 a tree with %s is refused as a whole, and found when compared', async (_what, plant) => {
  await using tree = await sample();
  const before = await tree.scan();
  await plant(tree);
  await expect(tree.scan()).rejects.toMatchObject({ code: 'disk/unsafe' });
  const { missing, extra, changed } = await compareTree(tree.path, before, quietJob());
  expect([missing.length, extra.length + changed.length > 0]).toEqual([0, true]);
});

test('S16 a tree with a device is refused without opening it', async ({ skip }) => {
  if (process.getuid?.() !== 0) skip('only root makes devices');
  await using tree = await sample();
  // A terminal of another process: to open it would wait or disturb.
  execFileSync('mknod', [tree.at('device'), 'c', '4', '1']);
  await expect(tree.scan()).rejects.toThrow('disk/unsafe: "device" is neither a file nor a link');
});

test('S16 a tree with a socket is refused', async () => {
  await using tree = await sample();
  const server = createServer().listen(tree.at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(tree.scan()).rejects.toMatchObject({ code: 'disk/unsafe' });
  server.close();
});

/** One change each to a tree that was whole; what the full and the quick comparison say about it. */
const changes: readonly [string, (tree: Sample) => Promise<unknown>, TreeDifference, TreeDifference?][] = [
  ['an extra file', (tree) => writeFile(tree.at('lib/deep/evil.js'), ''), { ...same, extra: ['lib/deep/evil.js'] }],
  ['an extra link', (tree) => symlink('run', tree.at('other')), { ...same, extra: ['other'] }],
  ['a missing file', (tree) => rm(tree.at('empty')), { ...same, missing: ['empty'] }],
  ['a missing link', (tree) => rm(tree.at('link')), { ...same, missing: ['link'] }],
  ['a missing folder', (tree) => rm(tree.at('lib'), { recursive: true }), { ...same, missing: ['lib/deep/b.js', 'lib/up', 'lib/ä ö.js'] }],
  ['a program that is none any more', (tree) => chmod(tree.at('run'), 0o644), { ...same, changed: [{ path: 'run', why: 'mode' }] }],
  ['a file that everybody may write', (tree) => chmod(tree.at('empty'), 0o666), { ...same, changed: [{ path: 'empty', why: 'mode' }] }],
  ['a file that nobody may read', (tree) => chmod(tree.at('empty'), 0), { ...same, changed: [{ path: 'empty', why: 'mode' }] }],
  ['another length', (tree) => truncate(tree.at('run'), 1), { ...same, changed: [{ path: 'run', why: 'size' }] }],
  [
    'a flipped byte',
    (tree) => writeFile(tree.at('lib/deep/b.js'), 'bbc'),
    { ...same, changed: [{ path: 'lib/deep/b.js', why: 'bytes' }] },
    same,
  ],
  [
    'a changed link',
    async (tree) => {
      await rm(tree.at('link'));
      await symlink('lib/deep/c.js', tree.at('link'));
    },
    { ...same, changed: [{ path: 'link', why: 'link' }] },
  ],
  [
    'a link where a file was',
    async (tree) => {
      await rename(tree.at('run'), tree.at('lib/deep/elsewhere'));
      await symlink('lib/deep/elsewhere', tree.at('run'));
    },
    { missing: [], extra: ['lib/deep/elsewhere'], changed: [{ path: 'run', why: 'kind' }] },
  ],
  [
    'a file where a link was',
    async (tree) => {
      await rm(tree.at('link'));
      await writeFile(tree.at('link'), 'bbb');
    },
    { ...same, changed: [{ path: 'link', why: 'kind' }] },
  ],
  [
    'a folder where a file was',
    async (tree) => {
      await rm(tree.at('empty'));
      await mkdir(tree.at('empty'));
    },
    { ...same, changed: [{ path: 'empty', why: 'kind' }] },
  ],
  [
    'a link where a folder was',
    async (tree) => {
      await rename(tree.at('lib/deep'), tree.at('../moved'));
      await symlink('../../moved', tree.at('lib/deep'));
    },
    { missing: ['lib/deep/b.js'], extra: ['lib/deep'], changed: [] },
  ],
  [
    'no folder at all',
    (tree) => rename(tree.path, `${tree.path.slice(0, -1)}-away`),
    { ...same, missing: ['empty', 'lib/deep/b.js', 'lib/up', 'lib/ä ö.js', 'link', 'run'] },
  ],
];

test.each(changes)(
  'S13 %s is found by the full check, and by the quick one as far as it shows without reading',
  async (...[, change, full, quick = full]) => {
    await using tree = await sample();
    const expected = await tree.scan();
    await change(tree);
    expect(await compareTree(tree.path, expected, quietJob())).toEqual(full);
    expect(await compareQuickly(tree.path, expected, quietJob())).toEqual(quick);
  },
);

test('S13 several changes at once are all found, each list sorted', async () => {
  await using tree = await sample();
  const expected = await tree.scan();
  await writeFile(tree.at('lib/deep/b.js'), 'BBB');
  await chmod(tree.at('empty'), 0o755);
  await writeFile(tree.at('run'), 'longer');
  for (const name of ['z', 'a', 'lib/m']) await writeFile(tree.at(name), '');
  expect(await compareTree(tree.path, expected, quietJob())).toEqual({
    missing: [],
    extra: ['a', 'lib/m', 'z'],
    changed: [
      { path: 'empty', why: 'mode' },
      { path: 'lib/deep/b.js', why: 'bytes' },
      { path: 'run', why: 'size' },
    ],
  });
});

test('a walk over a folder with a held lock does not release it', async () => {
  await using tree = await sample();
  await using lock = await takeLock(tree.at('lock.db'), { waitMs: 0 }, quietJob());
  expect(await compareTree(tree.path, emptyTree, quietJob())).toMatchObject({ extra: expect.arrayContaining(['lock.db']) });
  await expect(tree.scan()).rejects.toMatchObject({ code: 'disk/unsafe' });
  expect(lock.stillHeld()).toBe(true);
});

test('an empty folder is the empty tree, and no folder is no tree', async () => {
  await using folder = await tempFolder();
  expect(await scanTree(folder.path, quietJob())).toEqual(emptyTree);
  await expect(scanTree(join(folder.path, 'none'), quietJob())).rejects.toMatchObject({ code: 'ENOENT' });
});

test('many bytes are hashed in threads with the same result, and the progress counts every byte once', async () => {
  await using folder = await tempFolder();
  const size = 65 * 1024 ** 2;
  for (const name of ['a', 'b', 'c']) {
    await writeFile(join(folder.path, name), name);
    await truncate(join(folder.path, name), size);
  }
  const heard: Progress[] = [];
  const tree = await scanTree(folder.path, { ...quietJob(), report: (progress) => heard.push(progress) });
  expect(new Set(tree.files.map(({ sha256 }) => sha256)).size).toBe(3);
  expect(heard.at(-1)).toEqual({ step: 'verify', doneBytes: 3 * size, totalBytes: 3 * size });
  expect(heard.every(({ doneBytes }, i) => doneBytes >= (heard[i - 1]?.doneBytes ?? 0))).toBe(true);
  const stop = new AbortController();
  const stopping = scanTree(folder.path, { signal: stop.signal, report: ({ doneBytes }) => doneBytes > 0 && stop.abort() });
  expect(failureOf(await stopping.catch((error: unknown) => error)).code).toBe('job/cancelled');
});

test('a stopped job stops a scan before it begins and in its middle', async () => {
  await using tree = await sample();
  await expect(scanTree(tree.path, { ...quietJob(), signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  const stop = new AbortController();
  await expect(scanTree(tree.path, { signal: stop.signal, report: () => stop.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});
