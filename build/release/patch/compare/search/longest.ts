/** The longest match anywhere in the old file, however short: binary search in its sorted suffixes. */
import { sortSuffixes } from './suffixes.ts';

/** Where the old file has what the new one has at some place, and for how many bytes; length 0 when nothing was found. */
export interface Match {
  readonly from: number;
  readonly length: number;
}

/** Finds a match for what the new file has from a place on. */
export type Search = (at: number) => Match;

/** Returns a search that is exact. Sorts first: linear in time, six bytes of memory per byte with both files. */
export function searchLongest(before: Uint8Array, after: Uint8Array): Search {
  const sorted = sortSuffixes(before);
  const starts = firstLetters(before);
  return (at) => {
    const letter = after[at] ?? 0;
    let [low, high] = [(starts[letter] ?? 0) - 1, starts[letter + 1] ?? 0];
    let [lowCommon, highCommon] = [0, 0];
    // What lies between two suffixes begins with everything that both have in common with the searched one.
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const from = sorted[middle] ?? 0;
      const length = commonLength({ before, after }, { from, at, known: Math.min(lowCommon, highCommon) });
      const isSmaller = from + length === before.length || (before[from + length] ?? 0) < (after[at + length] ?? 0);
      if (isSmaller) [low, lowCommon] = [middle, length];
      else [high, highCommon] = [middle, length];
    }
    return lowCommon > highCommon ? { from: sorted[low] ?? 0, length: lowCommon } : { from: sorted[high] ?? 0, length: highCommon };
  };
}

/** How many bytes two files have in common from two places on, the first `known` of them known to agree. */
export function commonLength(
  { before, after }: { readonly before: Uint8Array; readonly after: Uint8Array },
  { from, at, known }: { readonly from: number; readonly at: number; readonly known: number },
): number {
  const end = Math.min(before.length - from, after.length - at);
  let length = known;
  while (length < end && before[from + length] === after[at + length]) length += 1;
  return length;
}

/** For each letter, how many suffixes begin with a smaller one. */
function firstLetters(bytes: Uint8Array): Int32Array {
  const starts = new Int32Array(257);
  for (let place = 0; place < bytes.length; place += 1) {
    const next = (bytes[place] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let letter = 1; letter < starts.length; letter += 1) starts[letter] = (starts[letter] ?? 0) + (starts[letter - 1] ?? 0);
  return starts;
}
