/**
 * What a patch says about an old file so that it can be predicted: where its addresses are, and how they move.
 *
 *     regions    origin, extent; then for each range of the old file, one after the other: its kind, its length in bytes, and the
 *                signed step from the place where the range before it ended to the place where it begins; for `anchored` and
 *                `symbols` one more number, the anchor. What follows the last range stays as it is.
 *     starts     the places where the shift changes: the first, then the step to each next one
 *     changes    signed: by how much
 *
 * A place is an address less the origin; parts of the file that are not loaded have places of their own behind all addresses. Of the
 * kinds, 0 to 15 are spoken for here, more will be for other machines; a reader that does not know a kind refuses the patch.
 */
import { Failed } from '../../../model/failure.ts';
import type { Column } from '../column.ts';
import { chunkBytes, type AddressMap } from './chunk.ts';
import { placesEnd, Shifts } from './shifts.ts';

/** What lies in a range: nothing that is predicted, machine code, or data (tables.ts). */
export const kinds = {
  asItIs: 0,
  fixedCode: 1,
  movableCode: 2,
  pointers: 3,
  scattered: 4,
  distances: 5,
  anchored: 6,
  frames: 7,
  symbols: 8,
} as const;

export type Kind = (typeof kinds)[keyof typeof kinds];

/** A range of the old file; all but those that stay as they are are at most a chunk long. */
export interface Region {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  readonly place: number;
  readonly anchor: number;
}

/** Regions in the order of the file, without gaps from its beginning. */
export interface Guide extends AddressMap {
  readonly regions: readonly Region[];
}

/** The columns of a guide. */
export interface GuideColumns {
  readonly regions: Column;
  readonly starts: Column;
  readonly changes: Column;
}

// At their own numbers.
const knownKinds: readonly Kind[] = Object.values(kinds).toSorted((a, b) => a - b);

const mostRegions = 2 ** 18;
const mostSteps = 2 ** 20;
// An address that is larger, with its shift, is no longer a number without rounding.
const largestOrigin = 2 ** 52;

/** Reads the guide to an old file of `size` bytes; throws `build/invalid` unless regions stay inside it and everything has its bounds. */
export function readGuide(columns: GuideColumns, size: number): Guide {
  const origin = columns.regions.number();
  const extent = columns.regions.number();
  if (origin > largestOrigin || extent > placesEnd) throw invalid('an address that is too large');
  return { origin, extent, regions: readRegions(columns.regions, size), shifts: readShifts(columns) };
}

function readRegions(column: Column, size: number): readonly Region[] {
  const regions: Region[] = [];
  for (let [start, place] = [0, 0]; !column.isAtEnd();) {
    const kind = parseKind(column.number());
    const end = start + column.number();
    place += column.signed();
    const anchor = kind === kinds.anchored || kind === kinds.symbols ? column.number() : 0;
    if (end <= start || end > size || (kind !== kinds.asItIs && end - start > chunkBytes)) throw invalid('a region of a wrong size');
    if (place < 0 || place + end - start > placesEnd || anchor >= placesEnd) throw invalid('a region in no place');
    if (regions.length === mostRegions) throw invalid('too many regions');
    regions.push({ kind, start, end, place, anchor });
    place += end - start;
    start = end;
  }
  return regions;
}

function parseKind(value: number): Kind {
  const kind = knownKinds[value];
  if (kind === undefined) throw invalid(`a region of unknown kind ${value}`);
  return kind;
}

function readShifts({ starts, changes }: GuideColumns): Shifts {
  const [places, values]: [number[], number[]] = [[], []];
  for (let [place, shift] = [0, 0]; !starts.isAtEnd();) {
    const step = starts.number();
    place += step;
    shift += changes.signed();
    if (place >= placesEnd || Math.abs(shift) >= placesEnd || (step === 0 && places.length > 0)) throw invalid('a shift out of bounds');
    if (places.length === mostSteps) throw invalid('too many shifts');
    places.push(place);
    values.push(shift);
  }
  if (!changes.isAtEnd()) throw invalid('more shifts than places');
  return new Shifts(places, values);
}

function invalid(detail: string): Failed {
  return new Failed('build/invalid', `a prediction with ${detail}`);
}
