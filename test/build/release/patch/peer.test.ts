/** `@mongodb-js/zstd` as a second opinion on our frames, and why it does not make or read the ones we ship. */
import { createRequire } from 'node:module';
import { compress, decompress } from '@mongodb-js/zstd';
import { expect, test } from 'vitest';
import { compressFrame } from '../../../../build/release/patch/carry/compress.ts';
import { declaredSize } from '../../../../src/updater/patches/frame.ts';
import { Random } from '../../../updater/patches/random.ts';

const sample = new Random(5).text(5_000);
const bindings: { compress: typeof compress } = createRequire(import.meta.url)('@mongodb-js/zstd/bindings');

test('reads every frame that we make, at every level that we ship', async () => {
  for (const level of [1, 3, 15, 19, 22]) {
    expect((await decompress(await compressFrame(sample, level))).equals(sample)).toBe(true);
  }
});

test('drops the level in its public interface and honours it in its bindings', async () => {
  const [asked, usual] = [await compress(sample, 19), await compress(sample, 3)];
  const [high, low] = [await bindings.compress(sample, 19), await bindings.compress(sample, 3)];
  expect(asked.equals(usual)).toBe(true);
  expect(high.length).toBeLessThan(low.length);
});

test('declares no plain size, which our reader needs before it decompresses anything', async () => {
  const frame = await bindings.compress(sample, 19);
  expect(declaredSize(frame)).toBe(null);
});
