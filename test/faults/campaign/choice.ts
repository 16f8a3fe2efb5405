/** Chance that can be had again: the same seed makes the same choices. */

/** Numbers from 0 up to, but not including, 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks `many` of the numbers 1 to `last`, one from each of as many equal stretches, in order; one less where two stretches meet in the same number. */
export function spread(last: number, many: number, chance: () => number): readonly number[] {
  const stretch = last / Math.min(many, last);
  return [...new Set(Array.from({ length: Math.min(many, last) }, (_, i) => 1 + Math.floor((i + chance()) * stretch)))];
}
