/**
 * Which parts of an old file a new one is made from, as control (control.ts).
 *
 * As in bsdiff (C. Percival, 'Naive Differences of Executable Code', 2003) the new file is read from its beginning, and an alignment
 * with a place in the old one is kept until a match elsewhere agrees in so many more bytes that the change pays. Unlike there, nothing is
 * searched for while no match could do that, and long matches are looked for first: only when they leave much unexplained is the old
 * file sorted, so that every match is found. On similar files both save most of the time.
 */
import type { Triple } from './control.ts';
import type { Match, Search } from './search/longest.ts';
import { searchRanges, type Range } from './search/ranges.ts';
import { searchSampled } from './search/sampled.ts';

/** An alignment that differs in no more than `gain` of the next `window` bytes is kept, and left only for a match that agrees in so many bytes more. */
interface Patience {
  readonly window: number;
  readonly gain: number;
}

// Measured: with 8 of 32 bytes a patch of a binary is 4 % bigger, with 16 of 64 one of a small text 10 %.
const quickPatience: Patience = { window: 64, gain: 16 };
const thoroughPatience: Patience = { window: 32, gain: 8 };
// Sorting is worth its time when this part of the new file was not found among the samples.
const muchUnexplained = 1 / 256;
// Of a bigger file, what so long a piece was taken from is not sorted: a quarter of the time, for patches that are 5 % bigger. With
// so long a match in hand nothing else is looked at.
const sortedWholeBytes = 32 * 1024 ** 2;
const longPiece = 1024;
const longEnough = 64;

/** Returns sound control from `before` to `after`. Takes up to six bytes of memory per byte of `before`, and seconds for 100 MB. */
export function alignFiles(before: Uint8Array, after: Uint8Array): readonly Triple[] {
  const files = { before, after };
  const sampled = searchSampled(before, after);
  const quick = align(files, sampled, quickPatience);
  const unexplained = quick.reduce((sum, { extra }) => sum + extra, 0);
  if (unexplained <= muchUnexplained * after.length) return quick;
  const ranges = before.length <= sortedWholeBytes ? [{ start: 0, end: before.length }] : untaken(quick, before.length);
  const sorted = searchRanges(before, after, ranges);
  return align(files, (at) => longer(sampled(at), () => sorted(at)), thoroughPatience);
}

/** The ranges of the old file that no long piece of the new one was taken from. */
function untaken(control: readonly Triple[], size: number): readonly Range[] {
  const taken: Range[] = [];
  let from = 0;
  for (const { add, seek } of control) {
    if (add >= longPiece) taken.push({ start: from, end: from + add });
    from += add + seek;
  }
  const ranges: Range[] = [];
  let start = 0;
  for (const range of taken.toSorted((a, b) => a.start - b.start)) {
    if (range.start > start) ranges.push({ start, end: range.start });
    start = Math.max(start, range.end);
  }
  return start < size ? [...ranges, { start, end: size }] : ranges;
}

function longer(match: Match, other: () => Match): Match {
  if (match.length >= longEnough) return match;
  const second = other();
  return second.length > match.length ? second : match;
}

interface Files {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** A place in the new file that is aligned with one in the old. */
interface Anchor {
  readonly from: number;
  readonly to: number;
}

function align(files: Files, search: Search, { window: windowBytes, gain }: Patience): readonly Triple[] {
  const { after } = files;
  const anchors: Anchor[] = [{ from: 0, to: 0 }];
  const window = new Window(files, windowBytes);
  for (let at = 0; at < after.length;) {
    if (window.differences(at) > gain) {
      const { from, length } = search(at);
      if (length > gain && length - window.agreements(at, length) > gain) {
        anchors.push({ from, to: at });
        at += length;
        window.shiftTo(from + length - at, at);
        continue;
      }
    }
    at += 1;
  }
  return triplesOf(files, anchors);
}

/** How the next bytes of the new file agree with those of the old one that they are aligned with; moves forward only. */
class Window {
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #length: number;
  #shift = 0;
  #start = 0;
  #end = 0;
  #differences = 0;

  constructor({ before, after }: Files, length: number) {
    this.#before = before;
    this.#after = after;
    this.#length = length;
  }

  /** How many of the next bytes differ. */
  differences(at: number): number {
    for (; this.#start < at; this.#start += 1) if (this.#differs(this.#start)) this.#differences -= 1;
    const end = Math.min(at + this.#length, this.#after.length);
    for (; this.#end < end; this.#end += 1) if (this.#differs(this.#end)) this.#differences += 1;
    return this.#differences;
  }

  agreements(at: number, length: number): number {
    let agreements = 0;
    for (let place = at; place < at + length; place += 1) if (!this.#differs(place)) agreements += 1;
    return agreements;
  }

  shiftTo(shift: number, at: number): void {
    this.#shift = shift;
    this.#start = at;
    this.#end = at;
    this.#differences = 0;
  }

  #differs(place: number): boolean {
    return this.#before[place + this.#shift] !== this.#after[place];
  }
}

/** Each alignment reaches forward as long as at least half of the bytes agree, and backward likewise; where two meet, most agreements decide. */
function triplesOf(files: Files, anchors: readonly Anchor[]): readonly Triple[] {
  const triples: Triple[] = [];
  let start: Anchor = { from: 0, to: 0 };
  for (let i = 1; i <= anchors.length; i += 1) {
    const next = anchors[i] ?? { from: files.before.length, to: files.after.length };
    const forward = reach(files, start, Math.min(next.to - start.to, files.before.length - start.from));
    const isLast = i === anchors.length;
    const backward = isLast ? 0 : reachBack(files, next, Math.min(next.to - start.to, next.from));
    const overlap = Math.max(0, forward + backward - (next.to - start.to));
    const kept = overlap === 0 ? 0 : divide(files, { start, next, forward, backward }, overlap);
    const add = forward - overlap + kept;
    const begin = { from: next.from - backward + kept, to: next.to - backward + kept };
    triples.push({ add, extra: begin.to - start.to - add, seek: isLast ? 0 : begin.from - start.from - add });
    start = begin;
  }
  return triples;
}

/** How many bytes forward from an anchor are worth taking: where agreements outnumber differences most. */
function reach({ before, after }: Files, { from, to }: Anchor, most: number): number {
  let [balance, best, length] = [0, 0, 0];
  for (let i = 0; i < most; i += 1) {
    balance += before[from + i] === after[to + i] ? 1 : -1;
    if (balance > best) [best, length] = [balance, i + 1];
  }
  return length;
}

function reachBack({ before, after }: Files, { from, to }: Anchor, most: number): number {
  let [balance, best, length] = [0, 0, 0];
  for (let i = 1; i <= most; i += 1) {
    balance += before[from - i] === after[to - i] ? 1 : -1;
    if (balance > best) [best, length] = [balance, i];
  }
  return length;
}

interface Meeting {
  readonly start: Anchor;
  readonly next: Anchor;
  readonly forward: number;
  readonly backward: number;
}

/** How many of the bytes that two alignments both reach are better taken from the first. */
function divide({ before, after }: Files, { start, next, forward, backward }: Meeting, overlap: number): number {
  let [balance, best, length] = [0, 0, 0];
  for (let i = 0; i < overlap; i += 1) {
    const to = next.to - backward + i;
    if (after[to] === before[start.from + forward - overlap + i]) balance += 1;
    if (after[to] === before[next.from - backward + i]) balance -= 1;
    if (balance > best) [best, length] = [balance, i + 1];
  }
  return length;
}
