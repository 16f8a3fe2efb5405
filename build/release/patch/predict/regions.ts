/** Which parts of an old file are predicted, and how: what a section's type says, and what its bytes show where that says little. */
import type { OldBytes } from '../../../../src/updater/patches/forms/old-file.ts';
import { chunkBytes, newChunk, type Chunk } from '../../../../src/updater/patches/forms/predict/chunk.ts';
import { findOperands } from '../../../../src/updater/patches/forms/predict/code.ts';
import { kinds, type Guide, type Kind, type Region } from '../../../../src/updater/patches/forms/predict/guide.ts';
import { predictRegion } from '../../../../src/updater/patches/forms/predict/predicted-file.ts';
import { sectionTypes, type Image, type Section } from './elf.ts';

/** A region of the kind that its section says, or of one of some others. */
export interface Draft {
  readonly region: Region;
  readonly choices: readonly Kind[];
}

const blockBytes = 4096;
// Reading a chunk of code takes as long as fetching some fifty bytes, and a word that is right saves about one.
const leastWords = 64;
const pointerBytes = 8;
const symbolBytes = 24;

/** Cuts the sections of an old file into regions of one chunk at most, code and records between two of them. */
export function draftRegions(file: Buffer, image: Image): readonly Draft[] {
  const chunk = newChunk();
  return image.sections.flatMap((section) => draftSection(section, { file, chunk, isFixed: image.isFixed }));
}

function draftSection(section: Section, { file, chunk, isFixed }: { file: Buffer; chunk: Chunk; isFixed: boolean }): readonly Draft[] {
  const { type, name, place, linked } = section;
  const one = (kind: Kind, cut: Cut, anchor = 0): readonly Draft[] =>
    cutSection(section, cut).map(({ start, end }) => ({
      region: { kind, start, end, place: place + start - section.start, anchor },
      choices: [],
    }));
  if (section.isCode) return one(isFixed ? kinds.fixedCode : kinds.movableCode, (at) => endOfCode(chunk, file.subarray(at, section.end)));
  if (type === sectionTypes.symbols || type === sectionTypes.dynamicSymbols) return one(kinds.symbols, every(symbolBytes), linked);
  if (name === '.eh_frame_hdr') return one(kinds.anchored, every(pointerBytes), place);
  if (type === sectionTypes.frames || name === '.eh_frame') return one(kinds.frames, (at) => endOfRecords(file, at, section.end));
  const choices = choicesFor(section);
  if (choices.length === 0) return [];
  return one(kinds.asItIs, () => blockBytes).map(({ region }) => ({ region, choices }));
}

/** Tables have their alignment from where they begin, and sections begin aligned. */
function choicesFor({ type, isLoaded, name }: Section): readonly Kind[] {
  if (type === sectionTypes.strings) return [];
  if (isLoaded) return [kinds.asItIs, kinds.pointers, kinds.distances];
  return name.startsWith('.debug') || name.startsWith('.gnu.build') ? [kinds.asItIs, kinds.scattered] : [];
}

/** How many bytes from `at` on go together. */
type Cut = (at: number) => number;

function every(bytes: number): Cut {
  return () => chunkBytes - (chunkBytes % bytes);
}

function cutSection({ start, end }: Section, cut: Cut): readonly { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  for (let at = start; at < end;) {
    const next = Math.min(end, at + Math.max(1, cut(at)));
    ranges.push({ start: at, end: next });
    at = next;
  }
  return ranges;
}

const longestInstruction = 15;

function endOfCode(chunk: Chunk, code: Buffer): number {
  const length = Math.min(chunkBytes, code.length);
  chunk.bytes.fill(0, code.copy(chunk.bytes, 0, 0, length));
  return Math.min(length, findOperands(chunk.bytes, Math.max(1, length - longestInstruction), chunk.operands).end);
}

/** As many whole records as fit; one that does not fit at all is left to itself. */
function endOfRecords(file: Buffer, at: number, end: number): number {
  let next = at;
  while (next + 4 <= end) {
    const after = next + 4 + file.readUInt32LE(next);
    if (after > end || after - at > chunkBytes) break;
    next = after;
  }
  return next === at ? Math.min(chunkBytes, end - at) : next - at;
}

/**
 * Chooses the kind of each draft: where its section leaves it open, the one that brings most of its words to what `aligned` has in their place;
 * code stays as it is where little would change.
 */
export function chooseKinds(
  drafts: readonly Draft[],
  guide: Guide,
  { before, aligned }: { before: Buffer; aligned: Buffer },
): readonly Region[] {
  const [chunk, old] = [newChunk(), inMemory(before)];
  const [was, is] = [viewOf(before), viewOf(aligned)];
  const count = (region: Region): Counts => {
    predictRegion(chunk, region, { old, guide });
    return countWords(chunk.view, { was, is }, region);
  };
  const chosen = drafts.map(({ region, choices }): Region => {
    if (isCode(region.kind)) {
      const { right, wrong, unknown } = count(region);
      return right - wrong + unknown < leastWords ? { ...region, kind: kinds.asItIs } : region;
    }
    const gains = choices.map((kind) => count({ ...region, kind })).map(({ right, wrong }) => right - wrong);
    return { ...region, kind: choices[gains.indexOf(Math.max(...gains))] ?? region.kind };
  });
  return joined(chosen);
}

function isCode(kind: Kind): boolean {
  return kind === kinds.fixedCode || kind === kinds.movableCode;
}

/** A file of the release side, as the client's reader wants it. */
export function inMemory(file: Buffer): OldBytes {
  return { size: file.length, read: (target, position) => void file.copy(target, 0, position) };
}

function viewOf(file: Buffer): DataView {
  return new DataView(file.buffer, file.byteOffset, file.length);
}

/** How many words of four bytes become right, how many no longer are, and of how many it is not known what they should be. */
interface Counts {
  readonly right: number;
  readonly wrong: number;
  readonly unknown: number;
}

function countWords(predicted: DataView, { was, is }: { was: DataView; is: DataView }, { start, end }: Region): Counts {
  let [right, wrong, unknown] = [0, 0, 0];
  for (let at = start; at + 4 <= end; at += 4) {
    const [guess, old] = [predicted.getInt32(at - start, true), was.getInt32(at, true)];
    if (guess === old) continue;
    const next = is.getInt32(at, true);
    if (guess === next) right += 1;
    else if (old === next) wrong += 1;
    else if (next === ~old) unknown += 1;
  }
  return { right, wrong, unknown };
}

/** Neighbours of one kind together, and what lies between regions as it is. */
function joined(regions: readonly Region[]): readonly Region[] {
  const all: Region[] = [];
  for (const region of regions) {
    const last = all.at(-1);
    const gap = region.start - (last?.end ?? 0);
    if (gap > 0)
      all.push({ kind: kinds.asItIs, start: last?.end ?? 0, end: region.start, place: Math.max(0, region.place - gap), anchor: 0 });
    if (last === undefined || gap > 0 || !canJoin(last, region)) all.push(region);
    else all[all.length - 1] = { ...last, end: region.end };
  }
  return all;
}

function canJoin(last: Region, next: Region): boolean {
  if (last.kind !== next.kind) return false;
  if (last.kind === kinds.asItIs) return true;
  const isOpen = last.kind === kinds.pointers || last.kind === kinds.distances || last.kind === kinds.scattered;
  return isOpen && last.place + last.end - last.start === next.place && next.end - last.start <= chunkBytes;
}
