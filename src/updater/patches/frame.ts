/**
 * One zstd frame (RFC 8878) with a known plain size: never more than that is written, and never a window above 8 MiB asked for.
 *
 * `node:zlib` and not `@mongodb-js/zstd`: the latter has no output limit, and takes 1.8 times as long for the same frame.
 */
import { constants, zstdDecompressSync } from 'node:zlib';
import { Failed } from '../model/failure.ts';

const frameMagic = 0xfd2fb528;
// What zstd's highest levels use for inputs of our size; a hostile frame could ask for 2 GiB.
const windowLog = 23;
// zlib's sync interface wants room for one byte more than it writes, else it allocates a second piece and joins the two.
const slack = 1;
// Smaller results live in Node's shared pool, which must never be given back.
const ownBufferBytes = 64 * 1024;

/** Returns the plain bytes of one frame; throws `build/invalid` when it declares, or holds, any other number than `plainSize`. */
export function decompressFrame(frame: Buffer, plainSize: number): Buffer {
  const declared = declaredSize(frame);
  if (declared !== null && declared !== plainSize)
    throw new Failed('build/invalid', `a frame declares ${declared} bytes, not ${plainSize}`);
  const plain = inflate(frame, plainSize);
  if (plain.length !== plainSize) throw new Failed('build/invalid', `a frame holds ${plain.length} bytes, not ${plainSize}`);
  return plain;
}

/** Gives the memory of a decompressed frame back at once: waiting for the collector lets a 4 MiB loop grow by hundreds of megabytes. */
export function release(plain: Buffer): void {
  if (plain.length >= ownBufferBytes && plain.buffer instanceof ArrayBuffer) plain.buffer.transfer(0);
}

/** The content size that a frame's own header declares (RFC 8878, 3.1.1.1), null when it declares none; throws `build/invalid`. */
export function declaredSize(frame: Buffer): number | null {
  if (frame.length < 6 || frame.readUInt32LE(0) !== frameMagic) throw new Failed('build/invalid', 'this is not a zstd frame');
  const descriptor = frame.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const width = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const at = 5 + (singleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (frame.length < at + width) throw new Failed('build/invalid', 'a frame ends within its header');
  if (width === 0) return null;
  if (width === 8) return Number(frame.readBigUInt64LE(at));
  return frame.readUIntLE(at, width) + (width === 2 ? 256 : 0);
}

function inflate(frame: Buffer, plainSize: number): Buffer {
  const room = Math.max(plainSize + slack, 64);
  try {
    return zstdDecompressSync(frame, {
      maxOutputLength: room,
      chunkSize: room,
      params: { [constants.ZSTD_d_windowLogMax]: windowLog },
    });
  } catch (cause) {
    // Whatever zstd has to say about bytes from outside means one thing here: they are not what the header promised.
    throw new Failed('build/invalid', 'a frame cannot be decompressed', { cause });
  }
}
