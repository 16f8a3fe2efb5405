import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bytesBelow } from '../../../src/updater/disk/space.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { createSnapshot } from '../../../src/updater/store/create.ts';
import { listObjects, objectPath } from '../../../src/updater/store/objects.ts';
import { listSnapshots, readSnapshot } from '../../../src/updater/store/records.ts';
import { scrubSnapshots, unpackSnapshot } from '../../../src/updater/store/unpack.ts';
import { tempFolder } from '../../ground/folder.ts';
import { digestOf } from '../../ground/manifests.ts';
import { storeIn, wishFor, writeEpoch } from './shelf.ts';

const run = promisify(execFile);
const job = quietJob();
const large = Buffer.alloc(3 * 1024 ** 2, 'moult and moult again ');

describe('a snapshot', () => {
  it('keeps every file once, compressed and named by its digest, and says where it comes from', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'config/a.json': '{}', 'data/same': '{}', 'data/deep/er/large': large, 'data/empty file': '' });
    await chmod(join(folder.path, 'epoch/data/same'), 0o755);
    const snapshot = await createSnapshot(store, wishFor(folder.path), job);
    expect(snapshot).toEqual({
      schema: 1,
      id: expect.stringMatching(/^1-[0-9a-f]{6}$/),
      createdAt: '2026-05-06T07:08:09Z',
      pinned: false,
      ...wishFor('').facts,
      folders: ['evolutions'],
      files: [
        { path: 'config/a.json', size: 2, sha256: digestOf('{}'), mode: 'file' },
        { path: 'data/deep/er/large', size: large.length, sha256: digestOf(large.toString()), mode: 'file' },
        { path: 'data/empty file', size: 0, sha256: digestOf(''), mode: 'file' },
        { path: 'data/same', size: 2, sha256: digestOf('{}'), mode: 'program' },
      ],
      program: null,
      size: large.length + 4,
      checksum: expect.any(String),
    });
    expect(await readSnapshot(store.snapshots, snapshot.id)).toEqual(snapshot);
    expect(await listObjects(store.objects)).toEqual([digestOf('{}'), digestOf(''), digestOf(large.toString())].toSorted());
    expect(await bytesBelow(store.objects)).toBeLessThan(large.length / 10);
    expect((await stat(objectPath(store.objects, digestOf('')))).mode & 0o777).toBe(0o600);
  });

  it('comes back byte for byte, with its modes and its empty folders', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    const odd = 'data/what? a:b\\c. ';
    await writeEpoch(folder.path, { [odd]: 'odd', 'data/run.sh': '#!/bin/sh\n', 'data/deep/large': large, 'config/nothing': '' });
    await chmod(join(folder.path, 'epoch/data/run.sh'), 0o700);
    await mkdir(join(folder.path, 'epoch/data/empty/er'), { recursive: true });
    const snapshot = await createSnapshot(store, wishFor(folder.path), job);
    const back = join(folder.path, 'back');
    await mkdir(back);
    await unpackSnapshot(store.objects, { snapshot, folder: back }, job);
    await run('diff', ['-r', join(folder.path, 'epoch'), back]);
    expect((await readdir(back, { recursive: true })).toSorted()).toEqual(
      (await readdir(join(folder.path, 'epoch'), { recursive: true })).toSorted(),
    );
    expect((await stat(join(back, 'data/run.sh'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(back, odd))).mode & 0o777).toBe(0o600);
  });

  it('leaves out caches, locks and what killed writers left', async () => {
    await using folder = await tempFolder();
    await writeEpoch(folder.path, {
      'config/kept': '1',
      'data/cache/big': 'x',
      'data/lock.db': '',
      'data/.moult-new-0123456789abcdef': 'half',
      'profile/Cookies': 'not named',
    });
    const snapshot = await createSnapshot(storeIn(folder.path), wishFor(folder.path), job);
    expect(snapshot.files.map(({ path }) => path)).toEqual(['config/kept']);
  });

  it('of unchanged data adds one record and reads no file', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'config/a': 'a', 'data/large': large, 'data/b': 'b' });
    // Younger files could still change within one tick of the file system's clock.
    await sleep(2050);
    const first = await createSnapshot(store, wishFor(folder.path), job);
    const before = await stat(join(folder.path, 'epoch/data/large'), { bigint: true });
    const readBefore = await bytesRead();
    const second = await createSnapshot(store, wishFor(folder.path), job);
    expect((await bytesRead()) - readBefore).toBeLessThan(100_000);
    expect({ ...second, id: '', checksum: '' }).toEqual({ ...first, id: '', checksum: '' });
    expect((await listObjects(store.objects)).length).toBe(3);
    expect((await stat(join(folder.path, 'epoch/data/large'), { bigint: true })).mtimeNs).toBe(before.mtimeNs);
    await writeEpoch(folder.path, { 'data/b': 'c' });
    const third = await createSnapshot(store, wishFor(folder.path), job);
    expect(third.files.find(({ path }) => path === 'data/b')?.sha256).toBe(digestOf('c'));
  });

  it('is right also when what was seen before is lost, garbage, or names objects that are gone', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'data/a': 'a', 'data/b': 'b' });
    await sleep(2050);
    const first = await createSnapshot(store, wishFor(folder.path), job);
    await writeFile(join(store.snapshots, '.seen'), 'garbage');
    const second = await createSnapshot(store, wishFor(folder.path), job);
    await rm(objectPath(store.objects, digestOf('a')));
    const third = await createSnapshot(store, wishFor(folder.path), job);
    expect([second.files, third.files]).toEqual([first.files, first.files]);
    expect(await scrubSnapshots(store.objects, [third], job)).toEqual({ bytes: 2, damaged: [] });
  });

  it('mends the object of a content that was damaged, as soon as that content is read again', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'data/a': 'a content', 'data/b': 'b' });
    const first = await createSnapshot(store, wishFor(folder.path), job);
    await truncate(objectPath(store.objects, digestOf('a content')), 10);
    expect((await scrubSnapshots(store.objects, [first], job)).damaged).toEqual([{ id: first.id, paths: ['data/a'] }]);
    await createSnapshot(store, wishFor(folder.path, { rehash: true }), job);
    expect((await scrubSnapshots(store.objects, [first], job)).damaged).toEqual([]);
  });

  it('keeps the files of the version too when asked, and refuses to keep damaged ones', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'data/a': 'a' });
    await writeFile(join(folder.path, 'app'), 'program');
    const file = { path: 'app', size: 7, sha256: digestOf('program'), mode: 'program', part: 'app' } as const;
    const program = { folder: folder.path, files: [file], manifestSha256: digestOf('manifest'), floor: {} };
    const snapshot = await createSnapshot(store, wishFor(folder.path, { program }), job);
    expect(snapshot.program?.files).toEqual([{ path: 'app', size: 7, sha256: digestOf('program'), mode: 'program' }]);
    await writeFile(join(folder.path, 'app'), 'virus 1');
    await rm(store.objects, { recursive: true });
    const again = createSnapshot(store, wishFor(folder.path, { program }), job);
    await expect(again).rejects.toMatchObject({ code: 'build/base' });
  });
});

describe('one item that cannot be kept fails the whole snapshot, which takes back what it wrote', () => {
  const causes: readonly (readonly [what: string, make: (path: string) => Promise<unknown>])[] = [
    ['a link', (path) => symlink('/etc/passwd', path)],
    ['a FIFO', (path) => run('mkfifo', [path])],
    ['a file with special rights', (path) => writeFile(path, 'x').then(() => chmod(path, 0o4755))],
    ['a name that is not UTF-8', (path) => writeFile(Buffer.concat([Buffer.from(path), Buffer.from([0xff])]), 'x')],
  ];
  it.each(causes)('%s', async (_what, make) => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'config/a': 'a' });
    await make(join(folder.path, 'epoch/data/odd'));
    await expect(createSnapshot(store, wishFor(folder.path), job)).rejects.toMatchObject({ code: 'disk/unsafe' });
    expect(await listSnapshots(store.snapshots)).toEqual([]);
    expect(await listObjects(store.objects)).toEqual([]);
  });

  it('a file that is written to all the time', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'config/a': 'a', 'data/busy': large });
    // In this process, so that it writes between two reads however busy the machine is.
    const writer = setInterval(() => appendFileSync(join(folder.path, 'epoch/data/busy'), 'x'), 1);
    try {
      await expect(createSnapshot(store, wishFor(folder.path), job)).rejects.toMatchObject({ code: 'disk/busy' });
    } finally {
      clearInterval(writer);
    }
    expect(await listObjects(store.objects)).toEqual([]);
  });

  it('a job that is stopped', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, { 'config/a': 'a', 'data/large': large });
    const stopping = new AbortController();
    const made = createSnapshot(store, wishFor(folder.path), { signal: stopping.signal, report: () => stopping.abort() });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
    expect(await listSnapshots(store.snapshots)).toEqual([]);
    expect(await listObjects(store.objects)).toEqual([]);
    expect((await readdir(store.objects)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

/** How many bytes this process has read, from the disk or its cache. */
async function bytesRead(): Promise<number> {
  return Number(/rchar: (\d+)/.exec(await readFile('/proc/self/io', 'utf8'))?.[1]);
}
