import { Failed } from '../../../src/updater/model/failure.ts';
import { timeText } from '../../../src/updater/model/parse.ts';
import type { RampStep } from './documents.ts';

const hours: Readonly<Record<string, number>> = { h: 1, d: 24 };

/**
 * Reads a rollout: `25` is a quarter of all machines from `now` on, `10,50@24h,100@3d` a ramp that goes on by itself.
 * Times and shares must grow; throws `usage/wrong`.
 */
export function parseRollout(text: string, now: Date): readonly RampStep[] {
  const steps = text.split(',').map((step) => {
    const match = /^(?<percent>\d{1,3})%?(@(?<count>\d{1,4})(?<unit>[hd]))?$/.exec(step.trim());
    const { percent = '', count = '0', unit = 'h' } = match?.groups ?? {};
    if (match === null || Number(percent) > 100) throw wrong(text);
    return { percent: Number(percent), at: timeText(new Date(now.getTime() + Number(count) * (hours[unit] ?? 0) * 3_600_000)) };
  });
  const grows = steps.every((step, i) => {
    const before = steps[i - 1];
    return before === undefined || (before.at < step.at && before.percent < step.percent);
  });
  if (!grows) throw wrong(text);
  return steps;
}

function wrong(text: string): Failed {
  return new Failed('usage/wrong', `${JSON.stringify(text)} is not a rollout: write 25, or 10,50@24h,100@3d`);
}
