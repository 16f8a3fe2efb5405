import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloneFile, cloneTree } from '../../../src/updater/disk/clone.ts';
import { bytesBelow, freeBytes, requireBytes } from '../../../src/updater/disk/space.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';

test('R25 a clone has the bytes and the mode and never the inode: a byte flipped in one does not show in the other', async () => {
  await using folder = await tempFolder();
  const [from, to] = [join(folder.path, 'from'), join(folder.path, 'to')];
  await writeFile(from, 'bytes');
  await chmod(from, 0o755);
  const way = await cloneFile(from, to);
  const [source, copy] = [await stat(from), await stat(to)];
  expect([copy.mode & 0o777, copy.ino === source.ino, copy.nlink]).toEqual([0o755, false, 1]);
  expect(await cloneFile(from, `${to}2`, way)).toBe(way);
  await writeFile(to, 'BYTES');
  expect([await readFile(from, 'utf8'), await readFile(`${to}2`, 'utf8')]).toEqual(['bytes', 'bytes']);
});

test('a clone never replaces what stands there, nor writes through a link', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('from'), 'new');
  await writeFile(at('canary'), 'alive');
  await symlink('canary', at('link'));
  await symlink('nowhere', at('dangling'));
  for (const to of ['canary', 'link', 'dangling']) {
    for (const way of ['reflink', 'copy'] as const) {
      await expect(cloneFile(at('from'), at(to), way)).rejects.toMatchObject({ code: 'EEXIST' });
    }
  }
  expect([await readFile(at('canary'), 'utf8'), (await readdir(folder.path)).length]).toEqual(['alive', 4]);
});

test('S16 links, folders, FIFOs and files with special rights are not cloned', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('file'), '');
  await symlink('file', at('link'));
  await mkdir(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  await writeFile(at('special'), '');
  await chmod(at('special'), 0o4755);
  for (const name of ['link', 'folder', 'fifo', 'special']) {
    await expect(cloneFile(at(name), at('to'))).rejects.toMatchObject({ code: 'disk/unsafe' });
  }
});

test('a folder is cloned with its links as they are, without sockets and without the lock', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('from/deep/empty'), { recursive: true });
  await writeFile(at('from/deep/file'), 'bytes');
  await writeFile(at('from/lock.db'), '');
  await symlink('/nowhere/else', at('from/link'));
  await link(at('from/deep/file'), at('from/second-name'));
  execFileSync('mkfifo', [at('from/fifo')]);
  await cloneTree(at('from'), at('to'), quietJob());
  expect((await readdir(at('to'), { recursive: true })).toSorted()).toEqual(['deep', 'deep/empty', 'deep/file', 'link', 'second-name']);
  expect(await readlink(at('to/link'))).toBe('/nowhere/else');
  expect((await stat(at('to/second-name'))).nlink).toBe(1);
  const stopped = { ...quietJob(), signal: AbortSignal.abort() };
  expect(failureOf(await cloneTree(at('from'), at('again'), stopped).catch((error: unknown) => error)).code).toBe('job/cancelled');
});

test('free space is that of the nearest folder that exists, and too little is said with both figures', async () => {
  await using folder = await tempFolder();
  const below = join(folder.path, 'not', 'yet', 'there');
  expect(await freeBytes(below)).toBeGreaterThan(0);
  await requireBytes(below, 1);
  await expect(requireBytes(below, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
    code: 'disk/space',
    message: expect.stringMatching(new RegExp(`needs ${Number.MAX_SAFE_INTEGER} bytes and has \\d+`)),
  });
});

test('the bytes below a folder are those of its own files, not of what its links point at', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await mkdir(at('tree/deep'), { recursive: true });
  await mkdir(at('outside'));
  await writeFile(at('outside/large'), Buffer.alloc(1024 ** 2, 1));
  await writeFile(at('tree/deep/file'), Buffer.alloc(100_000, 1));
  await symlink('../outside', at('tree/out'));
  await symlink('.', at('tree/loop'));
  await symlink('../outside/large', at('tree/large'));
  const bytes = await bytesBelow(at('tree'));
  expect([bytes >= 100_000, bytes < 200_000, await bytesBelow(at('none'))]).toEqual([true, true, 0]);
});
