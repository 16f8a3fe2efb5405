/**
 * What a disk was told, and what may be left of it when its power goes: everything up to a flush that was answered, and any of
 * the writes after it, block by block.
 */
import { seeded, spread } from '../campaign/choice.ts';

/** One write or (no bytes) flush; `end` is the recorder's position after it. */
export interface Entry {
  readonly offset: number;
  readonly bytes: Uint8Array | null;
  readonly end: number;
}

/** A disk as it was made, and all that it was told since. */
export interface Recording {
  readonly fresh: Buffer;
  readonly entries: readonly Entry[];
}

/** The power goes after so many entries; of the writes that were not flushed by then all are there, or (`chance`) each block or not. */
export interface Cut {
  readonly after: number;
  readonly chance: number | null;
}

const blockBytes = 4096;
const headBytes = 12;
const flush = 0xffff_ffff_ffff_ffffn;

/** Parses the recorder's log. */
export function parseLog(log: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < log.length;) {
    const [offset, length] = [log.readBigUInt64LE(at), log.readUInt32LE(at + 8)];
    const bytes = offset === flush ? null : log.subarray(at + headBytes, at + headBytes + length);
    at += headBytes + length;
    entries.push({ offset: bytes === null ? 0 : Number(offset), bytes, end: at });
  }
  return entries;
}

/** Picks so many cuts, spread over the whole recording: every other one with all writes up to it, the others with some of those that were not flushed. */
export function chooseCuts({ entries }: Recording, many: number, seed: number): readonly Cut[] {
  const chance = seeded(seed);
  return spread(entries.length, many, chance).map((after, i) => ({ after, chance: i % 2 === 0 ? null : Math.floor(chance() * 2 ** 31) }));
}

/** The recorder's position at which a cut happens: what was promised at or before it has to hold. */
export function positionOf({ entries }: Recording, { after }: Cut): number {
  return entries[after - 1]?.end ?? 0;
}

/** What each cut leaves of the disk, in the order of the cuts, which must not go back. */
export function* leftBy({ fresh, entries }: Recording, cuts: readonly Cut[]): Generator<readonly [Cut, Buffer]> {
  const sure = Buffer.from(fresh);
  let flushed = 0;
  for (const cut of cuts) {
    const last = entries.slice(0, cut.after).findLastIndex(({ bytes }) => bytes === null);
    for (const entry of entries.slice(flushed, last + 1)) write(sure, entry, () => true);
    flushed = Math.max(flushed, last + 1);
    const left = Buffer.from(sure);
    const chance = cut.chance === null ? null : seeded(cut.chance);
    for (const entry of entries.slice(flushed, cut.after)) write(left, entry, () => chance === null || chance() < 0.5);
    yield [cut, left];
  }
}

function write(disk: Buffer, { offset, bytes }: Entry, isKept: () => boolean): void {
  for (let at = 0; at < (bytes?.length ?? 0); at += blockBytes) {
    if (isKept()) disk.set(bytes?.subarray(at, at + blockBytes) ?? [], offset + at);
  }
}
