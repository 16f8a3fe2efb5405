import { readExactly } from '../body.ts';

/**
 * Measured on two adjacent Node binaries (125 MB, 28,000 ranges, most of them short and many far from each other): pages of this
 * size and number need 8,000 reads of the file, 1.8 times its bytes; one window of 256 KiB needs as many, and 15 times its bytes.
 */
const pageBytes = 16 * 1024;
const mostPages = 256;
const directBytes = pageBytes / 2;

/** The bytes that a new file takes ranges of. */
export interface OldBytes {
  readonly size: number;
  /** Fills `target` from `position`; throws `build/invalid` when the file ends before. */
  read(target: Buffer, position: number): void;
}

/** An open file that many short ranges are read from: they come out of pages of which the last used are kept. */
export class OldFile implements OldBytes {
  readonly size: number;
  readonly #descriptor: number;
  readonly #pages = new Map<number, Buffer>();

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  read(target: Buffer, position: number): void {
    if (target.length >= directBytes) {
      readExactly(this.#descriptor, target, position);
      return;
    }
    for (let done = 0; done < target.length;) {
      const at = position + done;
      const start = at - (at % pageBytes);
      done += this.#page(start).copy(target, done, at - start);
    }
  }

  #page(start: number): Buffer {
    const page = this.#pages.get(start) ?? this.#load(start);
    // Last in the map is last to be forgotten.
    this.#pages.delete(start);
    this.#pages.set(start, page);
    return page;
  }

  #load(start: number): Buffer {
    const [oldest] = this.#pages.size < mostPages ? [] : this.#pages;
    if (oldest !== undefined) this.#pages.delete(oldest[0]);
    const buffer = oldest?.[1] ?? Buffer.allocUnsafeSlow(pageBytes);
    const length = Math.min(pageBytes, this.size - start);
    readExactly(this.#descriptor, buffer.subarray(0, length), start);
    return buffer;
  }
}
