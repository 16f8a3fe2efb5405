/**
 * When the next check is due: pure.
 *
 * Counted by a clock that nobody can set. That one may stand still while the machine sleeps, so the time of day counts too, as far
 * as it went forward: a clock that was set wrong brings one check too many, never a storm and never silence.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Between two checks that nobody asked for. */
const betweenMs = 6 * hourMs;
/** After the network or the machine came back: at most so often. */
const comebackMs = 30 * minuteMs;
/** A server may ask for a longer pause, and is believed so far. */
const longestPauseMs = 24 * hourMs;
/** A timer that ran through a machine's sleep comes late: it is looked at so often at least. */
const longestNapMs = hourMs;

/** One moment on both clocks, in milliseconds. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Since when the next check is waited for, how long, and how long at least. */
export interface Rhythm {
  readonly since: Moment;
  readonly waitMs: number;
  readonly atLeastMs: number;
}

/** The rhythm of a program that just became usable: the first check 30 to 60 seconds from now. `chance` is 0 up to 1. */
export function firstRhythm(since: Moment, chance: number): Rhythm {
  return { since, waitMs: 30_000 + chance * 30_000, atLeastMs: 0 };
}

/** The rhythm after a check: six hours, give or take 15 %, and no sooner than a server asked for. */
export function nextRhythm(since: Moment, chance: number, retryAfterMs: number | null): Rhythm {
  const atLeastMs = Math.min(longestPauseMs, retryAfterMs ?? 0);
  return { since, waitMs: Math.max(atLeastMs, Math.round(betweenMs * (0.85 + 0.3 * chance))), atLeastMs };
}

/** The same rhythm once the network or the machine is back: the check is due at once, or half an hour after the last one. */
export function hastened(rhythm: Rhythm): Rhythm {
  return { ...rhythm, waitMs: Math.min(rhythm.waitMs, Math.max(rhythm.atLeastMs, comebackMs)) };
}

/** Milliseconds until the next check; 0 when it is due. */
export function untilDueMs({ since, waitMs }: Rhythm, now: Moment): number {
  const passedMs = Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);
  return Math.max(0, waitMs - passedMs);
}

/** Milliseconds until the next snapshot that makes itself; 0 when it is due. A last one in the future was made under a wrong clock, and does not count. */
export function untilSnapshotMs(rhythm: 'daily' | 'weekly', lastMs: number, nowMs: number): number {
  const everyMs = (rhythm === 'daily' ? 24 : 7 * 24) * hourMs;
  return lastMs > nowMs ? 0 : Math.max(0, lastMs + everyMs - nowMs);
}

/** How long to sleep at most when something is due in so many milliseconds. */
export function napMs(dueInMs: number): number {
  return Math.min(longestNapMs, dueInMs);
}
