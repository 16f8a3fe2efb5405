import type { AddressMap } from './chunk.ts';

/** Moves the address of eight bytes that begins at `at`, if it is one. */
export function predictPointer(view: DataView, at: number, { origin, extent, shifts }: AddressMap): void {
  const address = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  const place = address - origin;
  if (!(place >= 0 && place < extent)) return;
  const moved = address + shifts.at(place);
  view.setUint32(at, moved, true);
  view.setUint32(at + 4, moved / 2 ** 32, true);
}
