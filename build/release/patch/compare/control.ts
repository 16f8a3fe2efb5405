/**
 * Control: how bsdiff says that a new file comes from an old one. Take `add` bytes of the old file (most of them unchanged), then
 * `extra` new bytes, then move the place in the old file by `seek`.
 *
 * Of a BSDIFF40 patch only this part is read: the bytes that changed are found again by comparing the two files.
 */
import { ByteSink, readSigned } from '../carry/varint.ts';

/** One step of control; lengths in bytes, `seek` signed. */
export interface Triple {
  readonly add: number;
  readonly extra: number;
  readonly seek: number;
}

/** Who compares two files: our own differ, or bsdiff itself. */
export const differs = ['moult', 'bsdiff'] as const;
export type Differ = (typeof differs)[number];

const tripleBytes = 24;

/** Reads BSDIFF40's control block, already unpacked: three 64-bit numbers a triple, sign and magnitude, little-endian. */
export function parseControl(block: Buffer): Triple[] {
  return Array.from({ length: Math.floor(block.length / tripleBytes) }, (_, i) => {
    const at = i * tripleBytes;
    return { add: readOffset(block, at), extra: readOffset(block, at + 8), seek: readOffset(block, at + 16) };
  });
}

function readOffset(block: Buffer, at: number): number {
  const value = block.readBigUInt64LE(at);
  const magnitude = Number(value & 0x7fffffffffffffffn);
  return value >> 63n === 1n ? -magnitude : magnitude;
}

/** Returns control that stays inside the old file and makes exactly the new one, its last move left out; null when it does not. */
export function soundControl(triples: readonly Triple[], oldSize: number, newSize: number): readonly Triple[] | null {
  let [from, made] = [0, 0];
  for (const { add, extra, seek } of triples) {
    if (add < 0 || extra < 0 || from < 0 || from + add > oldSize) return null;
    from += add + seek;
    made += add + extra;
  }
  const last = triples.at(-1);
  if (made !== newSize || last === undefined) return null;
  return [...triples.slice(0, -1), { ...last, seek: 0 }];
}

/** Control whose triples (but the first) take at least `shortest` bytes; what shorter ones took becomes extra. */
export function mergeShort(triples: readonly Triple[], shortest: number): readonly Triple[] {
  const merged: Triple[] = [];
  for (const triple of triples) {
    const last = merged.at(-1);
    if (last === undefined || triple.add >= shortest) merged.push(triple);
    else
      merged[merged.length - 1] = {
        add: last.add,
        extra: last.extra + triple.add + triple.extra,
        seek: last.seek + triple.add + triple.seek,
      };
  }
  return merged;
}

/** Control as bytes for the cache: zigzag varints, one triple after the other. */
export function packControl(triples: readonly Triple[]): Buffer {
  const sink = new ByteSink();
  for (const { add, extra, seek } of triples) {
    sink.signed(add);
    sink.signed(extra);
    sink.signed(seek);
  }
  return sink.take();
}

/** The opposite of `packControl`; what is cut off becomes control that is not sound. */
export function unpackControl(bytes: Buffer): Triple[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value, next } = readSigned(bytes, at);
    numbers.push(value);
    at = next;
  }
  const triples: Triple[] = [];
  for (let i = 0; i + 2 < numbers.length; i += 3)
    triples.push({ add: numbers[i] ?? 0, extra: numbers[i + 1] ?? 0, seek: numbers[i + 2] ?? 0 });
  return triples;
}
