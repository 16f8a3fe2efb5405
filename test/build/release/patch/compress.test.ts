import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compressCached, compressFrame } from '../../../../build/release/patch/carry/compress.ts';
import { declaredSize, decompressFrame } from '../../../../src/updater/patches/frame.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { Random } from '../../../updater/patches/random.ts';

const sample = new Random(3).text(20_000);

describe('compressFrame', () => {
  test('uses the level that it is asked for', async () => {
    const sizes = await Promise.all([1, 3, 9, 19].map(async (level) => (await compressFrame(sample, level)).length));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(new Set(sizes).size).toBe(4);
  });

  test('makes frames that declare their size, small and large', async () => {
    for (const size of [1, 255, 256, 65_791, 65_792, 1_000_000]) {
      const plain = Buffer.alloc(size, sample);
      const frame = await compressFrame(plain, 19);
      expect([declaredSize(frame), decompressFrame(frame, size).equals(plain)]).toEqual([size, true]);
    }
  });

  test('is given the cached frame back, and makes it anew when it is damaged', async () => {
    await using folder = await tempFolder();
    const first = await compressCached(sample, 3, folder.path);
    const [name] = await readdir(join(folder.path, 'frames'));
    if (name === undefined) throw new Error('nothing was cached');
    const path = join(folder.path, 'frames', name);
    expect((await readFile(path)).equals(first)).toBe(true);
    await writeFile(path, first.subarray(0, -3));
    expect((await compressCached(sample, 3, folder.path)).equals(first)).toBe(true);
    expect((await readFile(path)).equals(first)).toBe(true);
  });
});
