/** The form `predicted`, as far as the old file goes: what a patch has to say about it so that its addresses come out where the new file has them. */
import { PredictedFile } from '../../../../src/updater/patches/forms/predict/predicted-file.ts';
import { Shifts } from '../../../../src/updater/patches/forms/predict/shifts.ts';
import type { Triple } from '../compare/control.ts';
import { readElf } from './elf.ts';
import { fitSteps } from './fit.ts';
import { encodeGuide } from './guide.ts';
import { alignNew, collectVotes } from './match.ts';
import { chooseKinds, draftRegions, inMemory } from './regions.ts';

/** An old file as a client will predict it, and the columns that let it do so. */
export interface Prediction {
  readonly predicted: Buffer;
  readonly guide: readonly Buffer[];
}

// Measured on three pairs of Node binaries: half and double of it make patches that are less than 1 % bigger.
const stepCost = 6;

/** Predicts `before` from what control says about the way to `after`; null for files that nothing is known about. */
export function predictFile(before: Buffer, after: Buffer, control: readonly Triple[]): Prediction | null {
  const old = readElf(before, null);
  const next = old === null ? null : readElf(after, old.grounds);
  if (old === null || next === null) return null;
  const match = { before, after, control, images: { before: old, after: next } };
  const drafts = draftRegions(before, old);
  const steps = fitSteps(collectVotes(match, drafts), stepCost);
  const shifts = new Shifts(
    steps.map(({ start }) => start),
    steps.map(({ shift }) => shift),
  );
  const { origin, extent } = old;
  const regions = chooseKinds(drafts, { origin, extent, shifts, regions: [] }, { before, aligned: alignNew(match) });
  const predicted = Buffer.allocUnsafe(before.length);
  new PredictedFile(inMemory(before), { origin, extent, shifts, regions }).read(predicted, 0);
  return { predicted, guide: encodeGuide({ origin, extent, regions }, steps) };
}
