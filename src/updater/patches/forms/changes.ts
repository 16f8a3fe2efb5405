import { Failed } from '../../model/failure.ts';
import type { Column } from './column.ts';

/** A change adds to a little-endian word of this many bytes, or of as many as its triple still takes. */
export const wordBytes = 4;

/** The changes of `sparse`: where the next one lies, and how it changes the bytes of the block. */
export class Changes {
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
      this.#change(start + at, width);
      at += width + this.#nextGap();
    }
    this.#distance = at - length;
    return length;
  }

  isAtEnd(): boolean {
    return this.#distance === Number.POSITIVE_INFINITY && this.#words.isAtEnd();
  }

  #nextGap(): number {
    return this.#gaps.isAtEnd() ? Number.POSITIVE_INFINITY : this.#gaps.number();
  }

  #change(at: number, width: number): void {
    const value = this.#words.number();
    if (value > 0xffffffff) throw new Failed('build/invalid', 'a difference of more than 32 bits');
    const difference = (value >>> 1) ^ -(value & 1);
    if (width === wordBytes) this.#view.setInt32(at, (this.#view.getInt32(at, true) + difference) | 0, true);
    else this.#changeShort(at, width, difference);
  }

  #changeShort(at: number, width: number, difference: number): void {
    let carry = difference;
    for (let i = at; i < at + width; i += 1) {
      const sum = this.#view.getUint8(i) + (carry & 0xff);
      this.#view.setUint8(i, sum & 0xff);
      carry = (carry >> 8) + (sum >> 8);
    }
  }
}
