import assert from 'node:assert';
import type { Shifts } from './shifts.ts';

/** A chunk is at most this long. */
export const chunkBytes = 16 * 1024;

// Zeros after it, so that an instruction that is cut off can be read to its end.
const slackBytes = 32;

/**
 * Bytes of the old file that are predicted together, from nothing but themselves and the guide: so it does not matter in what order chunks are
 * asked for. `place` is where the first of `length` bytes lies, `anchor` what some kinds count from; `operands` is room to work in.
 */
export interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly operands: Int32Array;
  length: number;
  place: number;
  anchor: number;
}

/** Addresses as the old file holds them: place 0 has the address `origin`, and only the first `extent` places have addresses. */
export interface AddressMap {
  readonly origin: number;
  readonly extent: number;
  readonly shifts: Shifts;
}

/** Room for chunks of one reader, which share the room to work in. */
export function newChunks(count: number, operands = new Int32Array(chunkBytes / 4 + slackBytes)): Chunk[] {
  const room = chunkBytes + slackBytes;
  const memory = Buffer.allocUnsafeSlow(count * room);
  return Array.from({ length: count }, (_, i) => {
    const bytes = memory.subarray(i * room, (i + 1) * room);
    return { bytes, view: new DataView(memory.buffer, bytes.byteOffset, room), operands, length: 0, place: 0, anchor: 0 };
  });
}

/** Room for one chunk. */
export function newChunk(): Chunk {
  const [chunk] = newChunks(1);
  assert(chunk !== undefined);
  return chunk;
}
