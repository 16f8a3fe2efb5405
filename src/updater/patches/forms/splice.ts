/**
 * The forms `sparse` and `text`: a file put together from ranges of an old one.
 *
 * Control is a list of triples, as in bsdiff: take `add` bytes of the old file, then `extra` bytes of the patch, then move the place
 * in the old file by `seek`. In `sparse` the taken bytes change at places: counted over all taken bytes, a gap leads from the end
 * of one change to the beginning of the next, and a change adds a difference to the little-endian word there: of four bytes, or of
 * as many as its triple still takes. After the last change no gap follows. Every column must be used up exactly.
 */
import { Failed } from '../../model/failure.ts';
import type { Column } from './column.ts';
import type { OldFile } from './old-file.ts';

/** The columns of a spliced file; `text` hands in one column for all three parts of control, and no changes. */
export interface SpliceColumns {
  readonly add: Column;
  readonly extra: Column;
  readonly seek: Column;
  readonly changes: { readonly gaps: Column; readonly words: Column } | null;
  readonly bytes: Column;
}

interface Triple {
  readonly from: number;
  readonly add: number;
  readonly extra: number;
}

const blockBytes = 1024 ** 2;
const wordBytes = 4;

/** Returns the triples up to `size` bytes of result; throws `build/invalid` when one leaves the old file or the result. */
export function* readControl(columns: SpliceColumns, sizes: { readonly old: number; readonly result: number }): Generator<Triple> {
  let from = 0;
  let left = sizes.result;
  while (left > 0) {
    const [add, extra, seek] = [columns.add.signed(), columns.extra.signed(), columns.seek.signed()];
    if (add < 0 || extra < 0 || add + extra > left) throw new Failed('build/invalid', 'control leaves the result');
    const next = from + add + seek;
    if (from + add > sizes.old || next < 0 || next > sizes.old) throw new Failed('build/invalid', 'control leaves the old file');
    yield { from, add, extra };
    from = next;
    left -= add + extra;
  }
  if (![columns.add, columns.extra, columns.seek].every((column) => column.isAtEnd()))
    throw new Failed('build/invalid', 'control goes on after the end of the result');
}

/** Yields `size` bytes of result in pieces of up to 1 MiB, each valid until the next is asked for; throws `build/invalid`. */
export function* splice(columns: SpliceColumns, old: OldFile, size: number): Generator<Buffer> {
  const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, size + wordBytes));
  const changes = columns.changes === null ? null : new Changes(columns.changes.gaps, columns.changes.words, block);
  let filled = 0;
  for (const { from, add, extra } of readControl(columns, { old: old.size, result: size })) {
    for (let done = 0; done < add;) {
      if (block.length - filled < wordBytes) {
        yield block.subarray(0, filled);
        filled = 0;
      }
      const room = Math.min(add - done, block.length - filled);
      old.read(block.subarray(filled, filled + room), from + done);
      const ready = changes === null ? room : changes.apply(filled, room, add - done);
      filled += ready;
      done += ready;
    }
    for (let done = 0; done < extra;) {
      if (filled === block.length) {
        yield block;
        filled = 0;
      }
      const bytes = columns.bytes.bytes(Math.min(extra - done, block.length - filled));
      bytes.copy(block, filled);
      filled += bytes.length;
      done += bytes.length;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
  if (!columns.bytes.isAtEnd() || changes?.isAtEnd() === false) throw new Failed('build/invalid', 'a column of the patch is not used up');
}

/** Where the next change lies, and how it changes the bytes of the block. */
class Changes {
  readonly #gaps: Column;
  readonly #words: Column;
  readonly #view: DataView;
  #distance: number;

  constructor(gaps: Column, words: Column, block: Buffer) {
    this.#gaps = gaps;
    this.#words = words;
    this.#view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    this.#distance = this.#nextGap();
  }

  /** Changes what was taken to `start`, `length` bytes of the `left` of its triple; returns how many are final: a word that lies across the end waits. */
  apply(start: number, length: number, left: number): number {
    let at = this.#distance;
    while (at < length) {
      const width = Math.min(wordBytes, left - at);
      if (at + width > length) {
        this.#distance = 0;
        return at;
      }
      const difference = this.#difference();
      if (width === wordBytes) this.#view.setInt32(start + at, (this.#view.getInt32(start + at, true) + difference) | 0, true);
      else this.#addToShort(start + at, width, difference);
      at += width + this.#nextGap();
    }
    this.#distance = at - length;
    return length;
  }

  isAtEnd(): boolean {
    return this.#distance === Number.POSITIVE_INFINITY && this.#gaps.isAtEnd() && this.#words.isAtEnd();
  }

  #nextGap(): number {
    return this.#gaps.isAtEnd() ? Number.POSITIVE_INFINITY : this.#gaps.number();
  }

  #difference(): number {
    const value = this.#words.number();
    if (value > 0xffffffff) throw new Failed('build/invalid', 'a difference of more than 32 bits');
    return (value >>> 1) ^ -(value & 1);
  }

  #addToShort(at: number, width: number, difference: number): void {
    let carry = difference;
    for (let i = at; i < at + width; i += 1) {
      const sum = this.#view.getUint8(i) + (carry & 0xff);
      this.#view.setUint8(i, sum & 0xff);
      carry = (carry >> 8) + (sum >> 8);
    }
  }
}
