/** What control and the operands of both files tell about where places of the old one lie in the new one. */
import { newChunk } from '../../../../src/updater/patches/forms/predict/chunk.ts';
import { findOperands, operandKinds } from '../../../../src/updater/patches/forms/predict/code.ts';
import { kinds } from '../../../../src/updater/patches/forms/predict/guide.ts';
import type { Triple } from '../compare/control.ts';
import { sectionTypes, type Image, type Section } from './elf.ts';
import type { Draft } from './regions.ts';
import { Votes } from './votes.ts';

/** Two files with their images, and control that leads from one to the other. */
export interface Match {
  readonly before: Buffer;
  readonly after: Buffer;
  readonly images: { readonly before: Image; readonly after: Image };
  readonly control: readonly Triple[];
}

/** A range of the old file that control takes to the new one. */
interface Taken {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** From what length on a range of control is believed; how far its places are apart that are counted where nothing else is. */
const shortestTaken = 16;
const sampleBytes = 64;
const anchorVotes = 32;

/** Collects votes of operands, tables and places. */
export function collectVotes(match: Match, drafts: readonly Draft[]): Votes {
  const votes = new Votes();
  const operands = listOperands(match.before, drafts, match.images.before);
  voteSections(match.images, votes);
  for (const range of takenRanges(match.control)) {
    voteOperands(match, range, { operands, votes });
    votePlaces(match.images, range, votes);
  }
  return votes;
}

/** The new bytes in the place of the old ones that control takes them from; elsewhere the opposite of the old ones, which nothing is predicted to be. */
export function alignNew({ before, after, control }: Match): Buffer {
  const aligned = Buffer.from(before.map((byte) => ~byte));
  for (const { from, to, length } of takenRanges(control)) after.copy(aligned, from, to, to + length);
  return aligned;
}

function takenRanges(control: readonly Triple[]): readonly Taken[] {
  const ranges: Taken[] = [];
  let [from, to] = [0, 0];
  for (const { add, extra, seek } of control) {
    if (add >= shortestTaken) ranges.push({ from, to, length: add });
    from += add + seek;
    to += add + extra;
  }
  return ranges;
}

/** Tables are anchored at the beginning of sections. */
function voteSections({ before, after }: Match['images'], votes: Votes): void {
  for (const { name, place } of before.sections) {
    const same = after.sections.find((section) => section.name === name);
    if (same !== undefined) for (let i = 0; i < anchorVotes; i += 1) votes.add(place, same.place - place);
  }
}

/** What holds an address, in the order of the file: its offset, how many bytes on the distance counts from, and its kind. */
interface Operands {
  readonly offsets: readonly number[];
  readonly toEnds: readonly number[];
  readonly kinds: readonly number[];
}

function listOperands(file: Buffer, drafts: readonly Draft[], { origin, extent }: Image): Operands {
  const [offsets, toEnds, found]: [number[], number[], number[]] = [[], [], []];
  const put = (offset: number, toEnd: number, kind: number): void => {
    offsets.push(offset);
    toEnds.push(toEnd);
    found.push(kind);
  };
  const chunk = newChunk();
  for (const { region, choices } of drafts) {
    const { kind, start, end } = region;
    if (kind === kinds.fixedCode || kind === kinds.movableCode) {
      chunk.bytes.fill(0, file.copy(chunk.bytes, 0, start, end));
      const { count } = findOperands(chunk.bytes, end - start, chunk.operands);
      for (const operand of chunk.operands.subarray(0, count))
        if (kind === kinds.fixedCode || (operand & 3) !== operandKinds.address)
          put(start + (operand >>> 6), (operand >>> 2) & 15, operand & 3);
    } else if (kind === kinds.frames) {
      for (let at = start; at + 12 <= end; at += 4 + file.readUInt32LE(at))
        if (file.readUInt32LE(at + 4) !== 0) put(at + 8, 0, operandKinds.distance);
    } else if (choices.includes(kinds.pointers)) {
      for (let at = start; at + 8 <= end; at += 8) {
        const place = file.readUInt32LE(at) + file.readUInt32LE(at + 4) * 2 ** 32 - origin;
        if (place > 0 && place < extent) put(at, 0, operandKinds.wideAddress);
      }
    }
  }
  return { offsets, toEnds, kinds: found };
}

function voteOperands({ before, after, images }: Match, range: Taken, { operands, votes }: { operands: Operands; votes: Votes }): void {
  const { origin, extent } = images.before;
  const end = range.from + range.length;
  for (let i = firstFrom(operands.offsets, range.from); i < operands.offsets.length; i += 1) {
    const at = operands.offsets[i] ?? 0;
    if (at + 8 > end) return;
    const now = at - range.from + range.to;
    const [own, newOwn] = [placeAt(images.before, at), placeAt(images.after, now)];
    if (own === null || newOwn === null) continue;
    let [to, newTo] = [0, 0];
    if (operands.kinds[i] === operandKinds.distance) {
      const toEnd = operands.toEnds[i] ?? 0;
      votes.add(own, newOwn - own);
      [to, newTo] = [own + toEnd + before.readInt32LE(at), newOwn + toEnd + after.readInt32LE(now)];
    } else {
      const wide = operands.kinds[i] === operandKinds.wideAddress;
      [to, newTo] = [addressAt(before, at, wide) - origin, addressAt(after, now, wide) - origin];
    }
    if (to >= 0 && to < extent && newTo >= 0 && newTo < images.after.extent) votes.add(to, newTo - to);
  }
}

function addressAt(file: Buffer, at: number, wide: boolean): number {
  return file.readUInt32LE(at) + (wide ? file.readUInt32LE(at + 4) * 2 ** 32 : 0);
}

/** Where ranges of code begin, and what is counted from within tables of names and of records. */
function votePlaces({ before, after }: Match['images'], { from, to, length }: Taken, votes: Votes): void {
  for (let at = from; at < from + length;) {
    const section = sectionAt(before, at);
    if (section === null) return;
    const isSampled = section.type === sectionTypes.strings || section.type === sectionTypes.frames;
    const moved = placeAt(after, at - from + to);
    if ((section.isCode || isSampled) && moved !== null && sectionAt(after, at - from + to)?.isLoaded === section.isLoaded)
      votes.add(section.place + at - section.start, moved - section.place - at + section.start);
    at = isSampled ? at + sampleBytes : Math.max(at + 1, section.end);
  }
}

function placeAt(image: Image, offset: number): number | null {
  const section = sectionAt(image, offset);
  return section === null ? null : section.place + offset - section.start;
}

/** The section that holds an offset, or the next one behind it. */
function sectionAt({ sections }: Image, offset: number): Section | null {
  let [low, high] = [0, sections.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sections[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const section = sections[low];
  return section === undefined || offset < section.start ? null : section;
}

function firstFrom(sorted: readonly number[], least: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
