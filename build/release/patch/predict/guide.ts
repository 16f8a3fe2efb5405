import { kinds, type Guide } from '../../../../src/updater/patches/forms/predict/guide.ts';
import { ByteSink } from '../carry/varint.ts';
import type { Steps } from './fit.ts';

/** Writes a guide as its three columns (patches/forms/predict/guide.ts says what they mean). */
export function encodeGuide({ origin, extent, regions }: Omit<Guide, 'shifts'>, steps: Steps): readonly Buffer[] {
  const [ranges, starts, changes] = [new ByteSink(), new ByteSink(), new ByteSink()];
  ranges.number(origin);
  ranges.number(extent);
  let expected = 0;
  for (const { kind, start, end, place, anchor } of regions) {
    ranges.number(kind);
    ranges.number(end - start);
    ranges.signed(place - expected);
    if (kind === kinds.anchored || kind === kinds.symbols) ranges.number(anchor);
    expected = place + end - start;
  }
  let last = { start: 0, shift: 0 };
  for (const step of steps) {
    starts.number(step.start - last.start);
    changes.signed(step.shift - last.shift);
    last = step;
  }
  return [ranges.take(), starts.take(), changes.take()];
}
