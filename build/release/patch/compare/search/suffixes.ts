/**
 * Sorted suffixes in linear time: SA-IS (G. Nong, S. Zhang, W. H. Chan, 'Two Efficient Algorithms for Linear Time Suffix Array
 * Construction', IEEE Transactions on Computers 60, 2011).
 *
 * A suffix is of type S when it is smaller than the one that begins a place later, else of type L; the last is of type L, since the end
 * of the text is smaller than every letter. An S after an L is called leftmost. Once the leftmost ones are in order, two sweeps put all
 * others in order. They come into order by the same two sweeps, begun with the leftmost in any order: that sorts the pieces from each
 * to the next. The pieces are named by rank; where names repeat, the text of names, at most half as long, is sorted in the same way.
 */

type Text = Uint8Array | Int32Array;

/** Returns the places of all suffixes of `text` in ascending order. Takes four bytes of memory for each byte of text, and rarely more. */
export function sortSuffixes(text: Uint8Array): Int32Array {
  const sorted = new Int32Array(text.length);
  if (text.length > 0) sortInto(sorted, text, new Int32Array(256));
  return sorted;
}

/** `buckets` has room for one number per letter. */
function sortInto(sorted: Int32Array, text: Text, buckets: Int32Array): void {
  putLeftmost(sorted, text, buckets);
  induceLarger(sorted, text, buckets);
  induceSmaller(sorted, text, buckets);
  const count = gatherLeftmost(sorted, text, buckets);
  const names = namePieces(sorted, text, count);
  if (names < count) sortNames(sorted, text, { count, names });
  putBack(sorted, text, { count, buckets });
  induceLarger(sorted, text, buckets);
  induceSmaller(sorted, text, buckets);
}

/** Where the suffixes with each first letter begin, or end, in the sorted array. */
function findBuckets(text: Text, buckets: Int32Array, edge: 'start' | 'end'): void {
  buckets.fill(0);
  // Not `for … of`: its iterator takes half a minute of a big file's time.
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place] ?? 0;
    buckets[letter] = (buckets[letter] ?? 0) + 1;
  }
  let sum = 0;
  for (let letter = 0; letter < buckets.length; letter += 1) {
    const size = buckets[letter] ?? 0;
    sum += size;
    buckets[letter] = edge === 'end' ? sum : sum - size;
  }
}

/** Calls `visit` for each leftmost place, the last first. */
function eachLeftmost(text: Text, visit: (place: number) => void): void {
  let isSmaller = false;
  let next = text[text.length - 1] ?? 0;
  for (let place = text.length - 2; place >= 0; place -= 1) {
    const letter = text[place] ?? 0;
    if (letter < next) isSmaller = true;
    else if (letter > next) {
      if (isSmaller) visit(place + 1);
      isSmaller = false;
    }
    next = letter;
  }
}

function putLeftmost(sorted: Int32Array, text: Text, buckets: Int32Array): void {
  findBuckets(text, buckets, 'end');
  sorted.fill(0);
  eachLeftmost(text, (place) => {
    const letter = text[place] ?? 0;
    const end = (buckets[letter] ?? 0) - 1;
    buckets[letter] = end;
    sorted[end] = place;
  });
}

/**
 * From the leftmost ones to those of type L. A suffix puts the one before it in its place. Whether that one will do the same in
 * this sweep shows when it is written, its neighbours being at hand: if not, its complement is written. What the sweep passes changes
 * sign, so that the used-up are out of the way of the second sweep, and what waits for that is ready.
 */
function induceLarger(sorted: Int32Array, text: Text, buckets: Int32Array): void {
  findBuckets(text, buckets, 'start');
  const last = text.length - 1;
  const lastLetter = text[last] ?? 0;
  const first = buckets[lastLetter] ?? 0;
  buckets[lastLetter] = first + 1;
  sorted[first] = last > 0 && (text[last - 1] ?? 0) < lastLetter ? ~last : last;
  for (let i = 0; i <= last; i += 1) {
    const next = sorted[i] ?? 0;
    sorted[i] = ~next;
    if (next <= 0) continue;
    const place = next - 1;
    const letter = text[place] ?? 0;
    const to = buckets[letter] ?? 0;
    buckets[letter] = to + 1;
    sorted[to] = place > 0 && (text[place - 1] ?? 0) < letter ? ~place : place;
  }
}

/** From those of type L to those of type S, which take the places of the leftmost; afterwards every entry is positive, and `buckets` tells where type S begins. */
function induceSmaller(sorted: Int32Array, text: Text, buckets: Int32Array): void {
  findBuckets(text, buckets, 'end');
  for (let i = text.length - 1; i >= 0; i -= 1) {
    const next = sorted[i] ?? 0;
    if (next <= 0) {
      sorted[i] = ~next;
      continue;
    }
    const place = next - 1;
    const letter = text[place] ?? 0;
    const to = (buckets[letter] ?? 0) - 1;
    buckets[letter] = to;
    sorted[to] = place === 0 || (text[place - 1] ?? 0) > letter ? ~place : place;
  }
}

/** Moves the leftmost ones to the front, in the order in which they stand, and returns how many there are. */
function gatherLeftmost(sorted: Int32Array, text: Text, typeS: Int32Array): number {
  let count = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const place = sorted[i] ?? 0;
    const letter = text[place] ?? 0;
    if (place === 0 || (text[place - 1] ?? 0) <= letter || i < (typeS[letter] ?? 0)) continue;
    sorted[count] = place;
    count += 1;
  }
  return count;
}

/** Writes behind the first `count` entries, at half of each leftmost place, the rank of its piece from 1 up; returns how many differ. */
function namePieces(sorted: Int32Array, text: Text, count: number): number {
  const names = sorted.subarray(count).fill(0);
  // First how far each piece reaches; the last one, which only the end of the text ends, is like no other.
  let end = -1;
  eachLeftmost(text, (place) => {
    names[place >> 1] = end === -1 ? -1 : end - place;
    end = place;
  });
  let [name, before, beforeLength] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const place = sorted[i] ?? 0;
    const length = names[place >> 1] ?? 0;
    if (length !== beforeLength || !isSamePiece(text, { before, place, length })) name += 1;
    [before, beforeLength] = [place, length];
    names[place >> 1] = name;
  }
  return name;
}

function isSamePiece(text: Text, { before, place, length }: { before: number; place: number; length: number }): boolean {
  let same = 0;
  while (same <= length && text[before + same] === text[place + same]) same += 1;
  return same > length;
}

/** Sorts the text of names, at the end of the array, and turns its places into those of the pieces. */
function sortNames(sorted: Int32Array, text: Text, { count, names }: { count: number; names: number }): void {
  const named = sorted.subarray(sorted.length - count);
  let to = count;
  for (let i = sorted.length - 1; i >= count; i -= 1) {
    const name = sorted[i] ?? 0;
    if (name === 0) continue;
    to -= 1;
    named[to] = name - 1;
  }
  const between = sorted.subarray(count, sorted.length - count);
  sortInto(sorted.subarray(0, count), named, names <= between.length ? between.subarray(0, names) : new Int32Array(names));
  to = count;
  eachLeftmost(text, (place) => {
    to -= 1;
    named[to] = place;
  });
  for (let i = 0; i < count; i += 1) sorted[i] = named[sorted[i] ?? 0] ?? 0;
}

/** Puts the leftmost ones, now in order at the front, at the ends of their buckets. */
function putBack(sorted: Int32Array, text: Text, { count, buckets }: { count: number; buckets: Int32Array }): void {
  findBuckets(text, buckets, 'end');
  sorted.fill(0, count);
  for (let i = count - 1; i >= 0; i -= 1) {
    const place = sorted[i] ?? 0;
    const letter = text[place] ?? 0;
    const end = (buckets[letter] ?? 0) - 1;
    sorted[i] = 0;
    buckets[letter] = end;
    sorted[end] = place;
  }
}
