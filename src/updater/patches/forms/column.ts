/**
 * A column: one kind of numbers or bytes of a file, cut into streams that lie in the frames of a patch, read as if they were one.
 *
 * Numbers are varints: seven bits a byte, the lowest first, the eighth bit says that more follow; at most eight bytes. Signed ones are
 * zigzag varints: 0, −1, 1, −2, … as 0, 1, 2, 3, …
 */
import { Failed } from '../../model/failure.ts';
import type { PatchStream } from '../../model/patch.ts';
import type { Body, PlacedFrame } from '../body.ts';

/** A stream with the frame that it lies in. */
export interface PlacedStream extends Omit<PatchStream, 'frame'> {
  readonly frame: PlacedFrame;
}

const longestVarint = 8;

/** A cursor over a column. It holds at most one frame open, and none once it is at its end or disposed of. */
export class Column implements Disposable {
  /** The open frame, where in it the next byte lies, and where the present stream ends: for the loop that is too hot to ask for each number. */
  plain: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  readonly #body: Body;
  readonly #streams: readonly PlacedStream[];
  #next = 0;
  #frame: PlacedFrame | null = null;

  constructor(streams: readonly PlacedStream[], body: Body) {
    this.#streams = streams.filter((stream) => stream.length > 0);
    this.#body = body;
  }

  /** Whether every byte was read. */
  isAtEnd(): boolean {
    return this.at === this.end && !this.#advance();
  }

  /** Returns the next number, 0 to 2^53 − 1; throws `build/invalid`. */
  number(): number {
    let value = 0;
    let unit = 1;
    for (let i = 0; i < longestVarint; i += 1) {
      if (this.isAtEnd()) throw new Failed('build/invalid', 'a column of the patch ends early');
      const byte = this.plain[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return requireSafe(value);
      unit *= 0x80;
    }
    throw new Failed('build/invalid', 'a number of the patch is too long');
  }

  /** Returns the next signed number, ±(2^52); throws `build/invalid`. */
  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Returns the next bytes, at least one and at most `most`, valid until the column is read again; throws `build/invalid` at the end. */
  bytes(most: number): Buffer {
    if (this.isAtEnd()) throw new Failed('build/invalid', 'a column of the patch ends early');
    const start = this.at;
    this.at = Math.min(this.end, start + most);
    return this.plain.subarray(start, this.at);
  }

  [Symbol.dispose](): void {
    if (this.#frame !== null) this.#body.close(this.#frame);
    this.#frame = null;
    this.at = 0;
    this.end = 0;
  }

  #advance(): boolean {
    const stream = this.#streams[this.#next];
    const previous = this.#frame;
    this.#frame = null;
    if (stream !== undefined) {
      this.#next += 1;
      this.plain = this.#body.open(stream.frame);
      this.#frame = stream.frame;
      this.at = stream.offset;
      this.end = stream.offset + stream.length;
    }
    // After the next one was opened, so that a frame which goes on is not decompressed again.
    if (previous !== null) this.#body.close(previous);
    return stream !== undefined;
  }
}

function requireSafe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new Failed('build/invalid', 'a number of the patch is too large');
  return value;
}
