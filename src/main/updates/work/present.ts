/** What the update service knows at one moment, and the tools that it works with. */
import type { AskEngine } from '../../../updater/engine/process/client.ts';
import type { Instance, Layout } from '../../../updater/install/layout.ts';
import type { Recalled } from '../../../updater/install/checks/way-back.ts';
import type { Pace } from '../../../updater/model/application/state.ts';
import { failureOf, type Failure } from '../../../updater/model/failure.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import type { Progress } from '../../../updater/model/job.ts';
import type { Board } from '../../contract/serve.ts';
import type { About, Banner, Busy, Notice } from '../../contract/views.ts';
import type { Host, Notification } from '../../host/host.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Around } from '../decide/view.ts';
import type { Moment, Rhythm } from '../decide/schedule.ts';
import { writeDecisions, type Decisions } from '../kept/decisions.ts';
import type { Offered } from '../kept/offer.ts';
import type { Preferred } from '../kept/preferences.ts';

/** Time, which tests replace: of the day, of a clock that nobody sets, and waiting, which ends early by throwing when the signal says so. */
export interface Clock {
  now(): Date;
  monotonicMs(): number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** What the service works with. */
export interface Tools {
  readonly place: { readonly layout: Layout; readonly instance: Instance };
  readonly board: Board;
  readonly ledger: Ledger;
  readonly host: Host;
  readonly ask: AskEngine;
  readonly clock: Clock;
  /** From 0 up to 1. */
  chance(): number;
  /** The administrator's preferences; the file need not exist. */
  readonly policyFile: string;
  /** Asks the shell to leave and to be started again. */
  restart(): void;
  /** Why leaving now would lose something. */
  busy(): Busy['reasons'];
}

/** Who began something. */
export type By = 'user' | 'schedule';

/** A version that is being fetched and built, or would be if it were not paused. */
export interface Preparing {
  readonly version: string;
  readonly by: By;
  readonly progress: Progress;
  readonly pace: Pace;
  readonly isPaused: boolean;
}

/** A version that waits for the next start; `noticeEndsMs` (monotonic) while the minute's notice runs. */
export interface Ready {
  readonly version: string;
  readonly generation: number;
  readonly when: 'now' | 'quit' | 'away' | 'not-now';
  readonly restartAt: string | null;
  readonly noticeEndsMs: number | null;
}

/** Everything that topics are derived from. */
export interface Present {
  readonly running: Generation;
  /** It has yet to prove itself. */
  readonly isConfirming: boolean;
  readonly blocked: string | null;
  readonly preferred: Preferred;
  readonly decisions: Decisions;
  readonly offered: Offered | null;
  readonly checking: By | null;
  readonly preparing: Preparing | null;
  readonly ready: Ready | null;
  readonly failed: Failure | null;
  readonly isRestarting: boolean;
  readonly recalled: Recalled | null;
  readonly isModal: boolean;
  /** Somebody just came to the machine. */
  readonly isBack: boolean;
  /** Banners that were dismissed for as long as this program runs. */
  readonly hidden: readonly Banner['kind'][];
  readonly notices: readonly Notice[];
  readonly rhythm: Rhythm;
  readonly lastCheck: About['lastCheck'];
  readonly openedMs: number;
}

/** The one place where it changes. */
export interface Memory {
  readonly present: Present;
  /** Changes something and shows it to every watcher. */
  change(part: Partial<Present>): void;
  /** Changes what is remembered of the person, on disk too. */
  decide(part: Partial<Decisions>): Promise<void>;
}

/** Opens a memory; `show` hears of every change. */
export function openMemory(first: Present, instance: Instance, show: (present: Present) => void): Memory {
  let present = first;
  const change = (part: Partial<Present>): void => {
    present = { ...present, ...part };
    show(present);
  };
  const decide = async (part: Partial<Decisions>): Promise<void> => {
    const decisions = { ...present.decisions, ...part };
    change({ decisions });
    await ifDiskLets(() => writeDecisions(instance, decisions));
  };
  return {
    get present() {
      return present;
    },
    change,
    decide,
  };
}

/** A full or read-only disk costs what is remembered beyond this program's life, and nothing else. */
export async function ifDiskLets(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!failureOf(error).code.startsWith('disk/')) throw error;
  }
}

/** This moment on both clocks. */
export function momentOf(clock: Clock): Moment {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.now().getTime() };
}

/** What holds around the service now. */
export function aroundOf({ clock, host }: Tools): Around {
  return { now: clock.now(), monotonicMs: clock.monotonicMs(), conditions: host.conditions() };
}

/** Says something outside the window, where the person wants that. */
export function notify(notification: Notification, { host }: Tools, { present }: Memory): void {
  if (present.preferred.values.notifications) host.notify(notification);
}
