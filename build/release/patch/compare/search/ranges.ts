/** Matches in some ranges of the old file only: these are put together and sorted, and what is found is looked at where it really lies. */
import { commonLength, searchLongest, type Search } from './longest.ts';

/** Bytes of a file from `start` up to but without `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Returns a search for the longest match that begins in one of the ranges, which are in ascending order and do not touch. */
export function searchRanges(before: Uint8Array, after: Uint8Array, ranges: readonly Range[]): Search {
  const text = new Uint8Array(ranges.reduce((sum, { start, end }) => sum + end - start, 0));
  const ends = new Int32Array(ranges.length);
  let length = 0;
  for (const [i, { start, end }] of ranges.entries()) {
    text.set(before.subarray(start, end), length);
    length += end - start;
    ends[i] = length;
  }
  const search = searchLongest(text, after);
  return (at) => {
    const found = search(at);
    const i = firstAbove(ends, found.from);
    const from = (ranges[i]?.end ?? 0) - (ends[i] ?? 0) + found.from;
    return found.length === 0 ? found : { from, length: commonLength({ before, after }, { from, at, known: 0 }) };
  };
}

/** The index of the first number above `value` in an ascending list. */
function firstAbove(numbers: Int32Array, value: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
