/**
 * Predicting x86-64 code: branches and accesses relative to the next instruction, and, where code is bound to its address, absolute ones.
 *
 * Instructions are decoded one after the other from the beginning of the chunk; the release side cuts chunks between two of them.
 */
import type { Chunk, AddressMap } from './chunk.ts';
import { modRms, operands, rareSteps, steps } from './opcodes.ts';
import { predictPointer } from './pointers.ts';
import { placesEnd } from './shifts.ts';

const { relative, displacement, indexed, anyDisplacement, baseless, target, immediate, wide, rare } = operands;
const firstOperand = relative;

/** What an operand holds: a distance from the end of its instruction, an address of four bytes, or of eight. */
export const operandKinds = { distance: 0, address: 1, wideAddress: 2 } as const;

/** Predicts a chunk of code; `isFixed` code may hold absolute addresses. */
export function predictCode(chunk: Chunk, map: AddressMap, isFixed: boolean): void {
  const { view, operands: list, length, place } = chunk;
  const { shifts, extent, origin } = map;
  // Addresses of four bytes lie below 2 GiB, wherever the code does: an instruction extends their sign.
  const [first, last] = isFixed ? [origin, Math.min(origin + extent, placesEnd)] : [0, 0];
  const { count } = findOperands(chunk.bytes, length, list);
  // The step of the operand's own place; most targets lie in it too, and then nothing changes.
  let step = shifts.stepAt(place);
  let stepStart = shifts.starts[step] ?? 0;
  let stepEnd = shifts.starts[step + 1] ?? placesEnd;
  for (let i = 0; i < count; i += 1) {
    const operand = list[i] ?? 0;
    const at = operand >>> 6;
    const kind = operand & 3;
    if (at + 4 > length) return;
    if (kind === operandKinds.distance) {
      while (place + at >= stepEnd) {
        step += 1;
        stepStart = stepEnd;
        stepEnd = shifts.starts[step + 1] ?? placesEnd;
      }
      const distance = view.getInt32(at, true);
      const to = place + at + ((operand >>> 2) & 15) + distance;
      if (to >= stepStart && to < stepEnd) continue;
      if (to >= 0 && to < extent) view.setInt32(at, distance + shifts.at(to) - (shifts.values[step] ?? 0), true);
    } else if (kind === operandKinds.wideAddress) {
      if (at + 8 <= length) predictPointer(view, at, map);
    } else {
      const address = view.getInt32(at, true);
      // Most are offsets in structures, and far below.
      if (address >= first && address < last) view.setInt32(at, address + shifts.at(address - first), true);
    }
  }
}

/**
 * Fills `into`, which has room for one in four bytes, with the operands of a chunk, perhaps cut off by its end; returns how many there are and where
 * the last instruction ends. An operand is one number: where it begins, then in four bits how far its instruction goes on from there, in two its kind.
 */
export function findOperands(bytes: Uint8Array, length: number, into: Int32Array): { readonly count: number; readonly end: number } {
  let count = 0;
  let state = 0;
  let at = 0;
  while (at < length || state !== 0) {
    const next = bytes[at + 1] ?? 0;
    const first = steps[state | (bytes[at] ?? 0)] ?? 1;
    let step = (first & 0x7fff) + ((modRms[next] ?? 0) & (first >> 15));
    const start = at;
    if (step < firstOperand) at += step & 15;
    else {
      if ((step & rare) !== 0) step = rareSteps[((step & 0xff) << 8) | next] ?? 1;
      at += step & 15;
      const where = step & anyDisplacement;
      if (where === relative) into[count++] = ((start + 2) << 6) | ((at - start - 2) << 2);
      else if (where === displacement) into[count++] = ((start + 2) << 6) | operandKinds.address;
      else if (where === indexed) into[count++] = ((start + 3) << 6) | operandKinds.address;
      else if ((step & baseless) !== 0 && ((bytes[start + 2] ?? 0) & 7) === 5) {
        at += 4;
        into[count++] = ((start + 3) << 6) | operandKinds.address;
      }
      if ((step & target) !== 0) into[count++] = ((at - 4) << 6) | (4 << 2);
      else if ((step & immediate) !== 0) into[count++] = ((at - 4) << 6) | operandKinds.address;
      else if ((step & wide) !== 0) into[count++] = ((at - 8) << 6) | operandKinds.wideAddress;
    }
    state = (step & 0x70) << 4;
  }
  return { count, end: at };
}
