import { Failed } from '../../model/failure.ts';
import type { Column } from './column.ts';

/** A change adds to a little-endian word of this many bytes, or of as many as its triple still takes. */
export const wordBytes = 4;

const longestNumber = 8;

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
      at = this.#wholeWords(start, at, start + length - wordBytes);
      if (at >= length) break;
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

  /**
   * What the speed of `sparse` depends on: 1.7 million changes in 125 MB. It does the same as the steps of `apply`, in one loop, while
   * whole words lie before `last` and both columns have room for a number of any length. (Tried: numbers decoded some thousand at a
   * time, and asked for one by one: each twice as slow; their lengths computed without branches: no faster.)
   */
  #wholeWords(start: number, first: number, last: number): number {
    const gaps = this.#gaps;
    const words = this.#words;
    const view = this.#view;
    const gapBytes = gaps.plain;
    const differences = words.plain;
    const gapEnd = gaps.end - longestNumber;
    const wordEnd = words.end - longestNumber;
    let position = start + first;
    while (position <= last && gaps.at <= gapEnd && words.at <= wordEnd) {
      let at = words.at;
      let value = 0;
      let byte = 0x80;
      for (let shift = 0; byte >= 0x80 && shift < 35; shift += 7) {
        byte = differences[at] ?? 0;
        value |= (byte & 0x7f) << shift;
        at += 1;
      }
      if (at - words.at === 5 && byte > 0x0f) throw tooLarge();
      words.at = at;
      view.setInt32(position, (view.getInt32(position, true) + ((value >>> 1) ^ -(value & 1))) | 0, true);
      position += wordBytes;
      at = gaps.at;
      byte = gapBytes[at] ?? 0;
      if (byte < 0x80) {
        gaps.at = at + 1;
        position += byte;
      } else position += this.#nextGap();
    }
    return position - start;
  }

  isAtEnd(): boolean {
    return this.#distance === Number.POSITIVE_INFINITY && this.#words.isAtEnd();
  }

  #nextGap(): number {
    return this.#gaps.isAtEnd() ? Number.POSITIVE_INFINITY : this.#gaps.number();
  }

  #change(at: number, width: number): void {
    const value = this.#words.number();
    if (value > 0xffffffff) throw tooLarge();
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

function tooLarge(): Failed {
  return new Failed('build/invalid', 'a difference of more than 32 bits');
}
