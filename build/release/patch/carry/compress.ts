/**
 * zstd frames as they are shipped: each declares its plain size, so that a reader can refuse it before decompressing.
 *
 * `node:zlib` and not `@mongodb-js/zstd`: the frames of the latter declare no size, and its public interface drops the level.
 * Big frames at a high level take seconds; they are kept in a cache folder by level, zstd's version and plain digest.
 */
import { hash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { readBounded, replaceFile } from '../../../../src/updater/disk/atomic.ts';
import { patchLimits } from '../../../../src/updater/model/patch.ts';
import { decompressFrame, release } from '../../../../src/updater/patches/frame.ts';

/** The level of everything that is shipped. */
export const shippedLevel = 19;
/** A level that says in a moment about how well something compresses. */
export const quickLevel = 3;

const cachedFromBytes = 256 * 1024;
const compress = promisify(zstdCompress);

/** Returns one zstd frame at exactly this level; deterministic for one version of zstd. Runs in the thread pool. */
export async function compressFrame(plain: Buffer, level: number): Promise<Buffer> {
  return compress(plain, { params: { [constants.ZSTD_c_compressionLevel]: level }, pledgedSrcSize: plain.length });
}

/** The same, out of the cache where it is. */
export async function compressCached(plain: Buffer, level: number, cache: string): Promise<Buffer> {
  if (plain.length < cachedFromBytes) return compressFrame(plain, level);
  const sha256 = hash('sha256', plain);
  const path = join(cache, 'frames', `${process.versions.zstd ?? 'zstd'}-${level}-${sha256}`);
  const cached = await readBounded(path, 2 * patchLimits.frameBytes);
  if (cached !== null && isIntact(cached, plain)) return cached;
  const frame = await compressFrame(plain, level);
  await mkdir(join(cache, 'frames'), { recursive: true });
  await replaceFile(path, frame);
  return frame;
}

/** A damaged cache must not reach a release. */
function isIntact(cached: Buffer, plain: Buffer): boolean {
  try {
    const unpacked = decompressFrame(cached, plain.length);
    const same = unpacked.equals(plain);
    release(unpacked);
    return same;
  } catch {
    // It cannot even be decompressed: then it is made again, as if it had not been there.
    return false;
  }
}
