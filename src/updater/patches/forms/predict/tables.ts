/** Predicting data that holds addresses: tables of one width, the unwind records of C++ and C, and symbols. */
import type { AddressMap, Chunk } from './chunk.ts';
import { predictPointer } from './pointers.ts';

const pointerBytes = 8;
const wordBytes = 4;
const symbolBytes = 24;

/** Absolute addresses of eight bytes, one after the other. */
export function predictPointers({ view, length }: Chunk, map: AddressMap): void {
  for (let at = 0; at + pointerBytes <= length; at += pointerBytes) predictPointer(view, at, map);
}

/** Absolute addresses of eight bytes, wherever they begin: four zero bytes behind four that lie in the map. */
export function predictScattered({ view, length }: Chunk, map: AddressMap): void {
  const { origin, extent, shifts } = map;
  for (let at = 0; at + pointerBytes <= length; at += 1) {
    if (view.getUint32(at + wordBytes, true) !== 0) continue;
    const address = view.getUint32(at, true);
    const place = address - origin;
    if (!(place >= 0 && place < extent)) continue;
    view.setUint32(at, address + shifts.at(place), true);
    at += pointerBytes - 1;
  }
}

/** Distances of four bytes, each from its own place: jump tables, whose beginning is near enough. */
export function predictDistances({ view, length, place }: Chunk, map: AddressMap): void {
  for (let at = 0; at + wordBytes <= length; at += wordBytes) predictDistance(view, at, { from: place + at, map });
}

/** Distances of four bytes, all from the anchor. */
export function predictAnchored({ view, length, anchor }: Chunk, map: AddressMap): void {
  for (let at = 0; at + wordBytes <= length; at += wordBytes) predictDistance(view, at, { from: anchor, map });
}

/**
 * Unwind records as in .eh_frame: length, distance back to the common record (zero in a common record itself), distance to the code, its
 * length, and, where four bytes more are announced, the distance to the table of its landing pads.
 */
export function predictFrames({ view, length, place }: Chunk, map: AddressMap): void {
  for (let at = 0; at + wordBytes <= length; at += wordBytes) {
    const size = view.getUint32(at, true);
    const end = at + wordBytes + size;
    if (end > length) return;
    if (size >= 13 && view.getUint32(at + 4, true) !== 0) {
      const back = view.getUint32(at + 4, true);
      const from = place + at + 4;
      if (from >= back) view.setUint32(at + 4, back + map.shifts.at(from) - map.shifts.at(from - back), true);
      predictDistance(view, at + 8, { from: from + 4, map });
      if (size >= 17 && view.getUint8(at + 16) === wordBytes) predictDistance(view, at + 17, { from: from + 13, map });
    }
    at = end - wordBytes;
  }
}

/** Symbols of ELF64: the name as a distance from the anchor, where names begin, and the address. */
export function predictSymbols({ view, length, anchor }: Chunk, map: AddressMap): void {
  const names = map.shifts.at(anchor);
  for (let at = 0; at + symbolBytes <= length; at += symbolBytes) {
    const name = view.getUint32(at, true);
    if (anchor + name < 2 ** 31) view.setUint32(at, name + map.shifts.at(anchor + name) - names, true);
    predictPointer(view, at + 8, map);
  }
}

function predictDistance(view: DataView, at: number, { from, map }: { readonly from: number; readonly map: AddressMap }): void {
  const distance = view.getInt32(at, true);
  const to = from + distance;
  if (to >= 0 && to < map.extent) view.setInt32(at, distance + map.shifts.at(to) - map.shifts.at(from), true);
}
