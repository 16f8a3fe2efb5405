import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashFile, sha256Hex, treeDigest, work } from '../../../src/updater/disk/hash.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { emptyTree, type TreeFile } from '../../../src/updater/model/tree.ts';
import { tempFolder } from '../../ground/folder.ts';

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

test('bytes and text have the digests of FIPS 180-4', () => {
  expect([sha256Hex(''), sha256Hex('abc'), sha256Hex(new Uint8Array([0x61, 0x62, 0x63]))]).toEqual([
    empty,
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  ]);
});

test.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3_000_001])(
  'a file of %i bytes hashes as its bytes do, streamed or in a batch',
  async (size) => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'file');
    const bytes = Buffer.alloc(size, 'some pattern that is not periodic in the buffer 1234567');
    await writeFile(path, bytes);
    let done = 0;
    expect(await hashFile(path, quietJob())).toEqual({ size, sha256: sha256Hex(bytes) });
    const count = (more: number): void => {
      done += more;
    };
    expect(await work([{ path, size }], count)).toEqual([sha256Hex(bytes)]);
    expect(done).toBe(size);
  },
);

test('what is not a regular file is not hashed, and nothing waits for a FIFO', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('target'), 'x');
  await symlink('target', at('link'));
  await mkdir(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  await expect(hashFile(at('link'), quietJob())).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(hashFile(at('folder'), quietJob())).rejects.toMatchObject({ code: 'disk/unsafe' });
  await expect(hashFile(at('fifo'), quietJob())).rejects.toMatchObject({ code: 'disk/unsafe' });
});

test('a file that is not as the walk saw it, or not there any more, has no digest, and the others of its batch do', async () => {
  await using folder = await tempFolder();
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('large'), Buffer.alloc(300_000));
  await writeFile(at('small'), 'x');
  await symlink('small', at('link'));
  await mkdir(at('folder'));
  const batch = [
    { path: at('large'), size: 299_999 },
    { path: at('large'), size: 300_001 },
    { path: at('large'), size: 10 },
    { path: at('small'), size: 300_000 },
    { path: at('small'), size: 2 },
    { path: at('none'), size: 1 },
    { path: at('none'), size: 300_000 },
    { path: at('link'), size: 1 },
    { path: at('folder'), size: 4096 },
    { path: at('small/below'), size: 1 },
    { path: at('small'), size: 1 },
  ];
  expect(await work(batch, () => undefined)).toEqual([...Array.from({ length: 10 }, () => null), sha256Hex('x')]);
});

test('a stopped job stops the hashing of a file', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'file');
  await writeFile(path, Buffer.alloc(1_000_000));
  const stopped = { ...quietJob(), signal: AbortSignal.abort() };
  expect(failureOf(await hashFile(path, stopped).catch((error: unknown) => error)).code).toBe('job/cancelled');
});

test("a tree's digest is over its lines in UTF-8 byte order, whatever order they came in", () => {
  const file = (path: string, mode: TreeFile['mode'] = 'file'): TreeFile => ({ path, size: 3, sha256: empty, mode, part: 'app' });
  // U+FF5E sorts before U+1F600 by bytes, but after its surrogates; '-' sorts before '/'.
  const tree = {
    files: [file('\u{1f600}'), file('\uff5e'), file('a/b', 'program'), file('a-b')],
    links: [{ path: 'a.link', target: 'a/b' }],
  };
  const lines = [`${empty} file 3 a-b`, 'link a/b a.link', `${empty} program 3 a/b`, `${empty} file 3 \uff5e`, `${empty} file 3 \u{1f600}`];
  expect(treeDigest(tree)).toBe(sha256Hex(lines.map((line) => `${line}\n`).join('')));
  expect(treeDigest({ files: tree.files.toReversed(), links: tree.links })).toBe(treeDigest(tree));
  expect(treeDigest(emptyTree)).toBe(empty);
});
