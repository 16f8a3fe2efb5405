/** One past the last place. */
export const placesEnd = 2 ** 31;

const mostBuckets = 2 ** 16;

/** By how much places move from the old file to the new one: a function of steps, asked some million times for one file. */
export class Shifts {
  /** The first place of each step, from 0 on, in order; and by how much its places move. */
  readonly starts: Int32Array;
  readonly values: Int32Array;
  // For every place `n << bits`, and for the end, the last step that begins there or before.
  readonly #buckets: Int32Array;
  readonly #bits: number;

  /** Before the first of `starts`, which ascend, nothing moves. */
  constructor(starts: readonly number[], values: readonly number[]) {
    const lead = starts[0] === 0 ? [] : [0];
    this.starts = Int32Array.from([...lead, ...starts]);
    this.values = Int32Array.from([...lead, ...values]);
    this.#bits = Math.max(0, Math.ceil(Math.log2(((starts.at(-1) ?? 0) + 1) / mostBuckets)));
    this.#buckets = bucketsOf(this.starts, this.#bits);
  }

  /** The shift of a place, 0 to `placesEnd` − 1. */
  at(place: number): number {
    return this.values[this.stepAt(place)] ?? 0;
  }

  /** The step that a place lies in. */
  stepAt(place: number): number {
    const bucket = Math.min(place >>> this.#bits, this.#buckets.length - 2);
    let low = this.#buckets[bucket] ?? 0;
    let high = this.#buckets[bucket + 1] ?? 0;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function bucketsOf(starts: Int32Array, bits: number): Int32Array {
  const last = starts.length - 1;
  const buckets = new Int32Array(((starts[last] ?? 0) >>> bits) + 2).fill(last);
  let step = 0;
  for (let bucket = 0; bucket < buckets.length - 1; bucket += 1) {
    while (step < last && (starts[step + 1] ?? 0) <= bucket * 2 ** bits) step += 1;
    buckets[bucket] = step;
  }
  return buckets;
}
