/** Who says where a place moves to: counted by place and shift, in one list of numbers that sorts by place. */

/** A vote is a place times this, and the index of a shift. */
export const perPlace = 2 ** 22;

/** A growing list of votes. At most 4 million different shifts are told apart. */
export class Votes {
  #list = new Float64Array(2 ** 16);
  #count = 0;
  readonly #numbers = new Map<number, number>();
  readonly shifts: number[] = [];

  add(place: number, shift: number): void {
    const number = this.#numberOf(shift);
    if (place < 0 || number >= perPlace) return;
    if (this.#count === this.#list.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#list);
      this.#list = grown;
    }
    this.#list[this.#count] = place * perPlace + number;
    this.#count += 1;
  }

  /** All votes, by place. */
  inOrder(): Float64Array {
    return this.#list.subarray(0, this.#count).toSorted();
  }

  #numberOf(shift: number): number {
    const known = this.#numbers.get(shift);
    if (known !== undefined) return known;
    if (this.shifts.length < perPlace) {
      this.#numbers.set(shift, this.shifts.length);
      this.shifts.push(shift);
    }
    return this.shifts.length - 1;
  }
}
