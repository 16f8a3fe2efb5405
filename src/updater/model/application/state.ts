/** What an update is doing right now, as every window and command sees it. Nothing here is stored: it is derived or lost. */
import type { Failure } from '../failure.ts';
import type { Progress } from '../job.ts';

export type UpdateState =
  | { readonly kind: 'disabled'; readonly why: string }
  | { readonly kind: 'idle' }
  | { readonly kind: 'checking'; readonly by: 'user' | 'schedule' }
  | { readonly kind: 'available'; readonly version: string; readonly bytesToFetch: number }
  | { readonly kind: 'preparing'; readonly version: string; readonly progress: Progress; readonly pace: Pace; readonly isPaused: boolean }
  | {
      readonly kind: 'ready';
      readonly version: string;
      readonly generation: number;
      /** When it is started: 'not-now' waits to be asked; `restartAt` (UTC) is set while the minute's notice before a restart runs. */
      readonly when: 'now' | 'quit' | 'away' | 'not-now';
      readonly restartAt: string | null;
    }
  | { readonly kind: 'restarting'; readonly version: string }
  | { readonly kind: 'confirming'; readonly version: string; readonly healthyForMs: number }
  | { readonly kind: 'repairing'; readonly progress: Progress }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How an update gets on: the share of all its steps (0–1), the speed over the last seconds, and the time left; null while nobody can know. */
export interface Pace {
  readonly share: number;
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly isStalled: boolean;
}

export type UpdateKind = UpdateState['kind'];

const next: Readonly<Record<UpdateKind, readonly UpdateKind[]>> = {
  disabled: ['idle'],
  // 'available' and 'ready' are also what a program finds when it starts.
  idle: ['checking', 'available', 'preparing', 'ready', 'confirming', 'repairing', 'disabled'],
  checking: ['idle', 'available', 'ready', 'failed'],
  available: ['checking', 'preparing', 'idle', 'repairing', 'disabled'],
  preparing: ['ready', 'failed', 'available', 'idle'],
  ready: ['restarting', 'checking', 'preparing', 'available', 'idle', 'repairing'],
  restarting: ['confirming', 'failed', 'ready'],
  confirming: ['idle', 'available', 'ready', 'failed'],
  repairing: ['idle', 'failed'],
  failed: ['idle', 'checking', 'available', 'preparing', 'repairing', 'disabled'],
};

/** Whether an update in state `from` may go to state `to`; staying in a kind (new progress) is always allowed. */
export function mayFollow(from: UpdateKind, to: UpdateKind): boolean {
  return from === to || next[from].includes(to);
}
