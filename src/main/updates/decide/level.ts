/** How urgently a version on offer is put to the person. Pure; `docs/updates.md` has the same numbers as a table. */
import type { Level } from '../../contract/views.ts';

/** From the least to the most urgent. */
export const levels = ['subtle', 'yellow', 'orange', 'red'] as const satisfies readonly Level[];

/**
 * How long the person has been behind: `ageDays` since any newer version was first seen, `highDays` since one that closes a hole
 * of high severity was (null: never), `isCritical` once one of critical severity was. `last` is the level that was last shown while the clock
 * could be trusted.
 */
export interface Urgency {
  readonly ageDays: number;
  readonly highDays: number | null;
  readonly isCritical: boolean;
  readonly isClockTrusted: boolean;
  readonly last: Level | null;
}

/** The level of an offer. With a clock that is not trusted it is at most one step away from the last one. */
export function levelOf({ ageDays, highDays, isCritical, isClockTrusted, last }: Urgency): Level {
  const rank = Math.max(rankByAge(ageDays), isCritical ? 3 : highDays === null ? 0 : rankByHole(highDays));
  const before = levels.indexOf(last ?? 'subtle');
  const bounded = isClockTrusted ? rank : Math.min(before + 1, Math.max(before - 1, rank));
  return levels[bounded] ?? 'red';
}

function rankByAge(days: number): number {
  return days >= 61 ? 3 : days >= 31 ? 2 : days >= 8 ? 1 : 0;
}

function rankByHole(days: number): number {
  return days >= 7 ? 3 : days >= 3 ? 2 : 1;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** For how long a dismissed banner of a level stays away, in milliseconds; null where it cannot be dismissed. */
export function dismissalMs(level: Level): number | null {
  return { subtle: 7 * dayMs, yellow: dayMs, orange: dayMs, red: null }[level];
}

/** Whole days between two times; none when the clock went back. */
export function daysBetween(since: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / dayMs));
}

/** Whether a clock agrees with signed information, give or take a day: not before it was signed, not long after it ended. */
export function isClockTrusted(now: Date, signed: { readonly signedAt: string | null; readonly expires: string } | null): boolean {
  if (signed === null) return true;
  const isEarly = signed.signedAt !== null && now.getTime() < Date.parse(signed.signedAt) - dayMs;
  return !isEarly && now.getTime() <= Date.parse(signed.expires) + dayMs;
}
