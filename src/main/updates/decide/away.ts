/** When a prepared version is started: pure. */
import type { Preferences } from '../../contract/preferences.ts';
import type { Busy } from '../../contract/views.ts';
import type { Conditions } from '../../host/host.ts';

/** How long nobody has to have been there, and how long the notice before the restart is. */
export const awayMs = 10 * 60_000;
export const noticeMs = 60_000;

export interface Readiness {
  /** The person's word, as in the state `ready`. */
  readonly when: 'now' | 'quit' | 'away' | 'not-now';
  readonly preferences: Pick<Preferences, 'awayBetween' | 'battery'>;
  readonly conditions: Pick<Conditions, 'idleMs' | 'isFullScreen' | 'isOnBattery'>;
  readonly busy: Busy['reasons'];
  readonly now: Date;
}

/** `lookAgainMs` is when the answer may change by time alone; null where only something that happens changes it. */
export type Restart =
  | { readonly kind: 'restart' }
  | { readonly kind: 'notice' }
  | {
      readonly kind: 'wait';
      readonly because: 'word' | 'busy' | 'here' | 'hours' | 'battery' | 'full-screen';
      readonly lookAgainMs: number | null;
    };

/** Says whether a restart is due. 'now' means as soon as nothing would be lost by it; 'away' asks for ten quiet minutes first. */
export function whenToRestart({ when, preferences, conditions, busy, now }: Readiness): Restart {
  if (when === 'quit' || when === 'not-now') return { kind: 'wait', because: 'word', lookAgainMs: null };
  if (busy.length > 0) return { kind: 'wait', because: 'busy', lookAgainMs: null };
  if (when === 'now') return { kind: 'restart' };
  if (conditions.idleMs < awayMs) return { kind: 'wait', because: 'here', lookAgainMs: awayMs - conditions.idleMs };
  if (conditions.isFullScreen === true) return { kind: 'wait', because: 'full-screen', lookAgainMs: awayMs };
  if (conditions.isOnBattery === true && preferences.battery === 'wait') return { kind: 'wait', because: 'battery', lookAgainMs: awayMs };
  if (!isWithin(preferences.awayBetween, now)) return { kind: 'wait', because: 'hours', lookAgainMs: awayMs };
  return { kind: 'notice' };
}

/** Whether a machine's own clock is between two times of day; the first may be later than the second: over midnight. */
export function isWithin(between: Preferences['awayBetween'], now: Date): boolean {
  if (between === null || between.from === between.to) return true;
  const [from, to] = [minutesOf(between.from), minutesOf(between.to)];
  const minute = now.getHours() * 60 + now.getMinutes();
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
