import { readExactly } from '../body.ts';

const windowBytes = 256 * 1024;

/** An open file that many short ranges are read from, most of them close to each other: they come out of one window. */
export class OldFile {
  readonly size: number;
  readonly #descriptor: number;
  readonly #window = Buffer.allocUnsafeSlow(windowBytes);
  #start = 0;
  #end = 0;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  /** Fills `target` from `position`; throws `build/invalid` when the file ends before. */
  read(target: Buffer, position: number): void {
    const end = position + target.length;
    if (target.length >= windowBytes / 2) {
      readExactly(this.#descriptor, target, position);
      return;
    }
    if (position < this.#start || end > this.#end) this.#move(position);
    this.#window.copy(target, 0, position - this.#start, end - this.#start);
  }

  #move(position: number): void {
    const length = Math.max(0, Math.min(windowBytes, this.size - position));
    this.#end = 0;
    readExactly(this.#descriptor, this.#window.subarray(0, length), position);
    this.#start = position;
    this.#end = position + length;
  }
}
