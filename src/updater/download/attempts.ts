import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from './limits.ts';
import { TryAgain } from './sources/source.ts';

/** Waits so many milliseconds, or throws the signal's reason when it is stopped. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>;

/** What repeating needs: the numbers, and time and chance, which tests replace. `random` returns 0 up to 1. */
export interface Patience {
  readonly limits: Limits;
  readonly wait: Wait;
  readonly random: () => number;
}

/**
 * Carries out `attempt` until it succeeds, again after every `TryAgain`, with a growing pause in between; throws that failure once
 * `limits.attempts` attempts in a row made no progress, or a server asks for more patience than there is. An attempt says what counts as progress by calling `progressed`.
 */
export async function insist<T>(patience: Patience, attempt: (progressed: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
  let failed = 0;
  for (;;) {
    let isFurther = false;
    try {
      return await attempt(() => void (isFurther = true));
    } catch (error) {
      // A network that fails now and then is normal; everything else is not ours to repeat.
      if (!(error instanceof TryAgain)) throw error;
      failed = isFurther ? 0 : failed + 1;
      if (failed >= patience.limits.attempts || isTooLong(error.waitMs, patience)) throw error.failure;
      await patience.wait(error.waitMs ?? pauseMs(patience, failed), signal);
    }
  }
}

function isTooLong(asked: number | null, { limits }: Patience): boolean {
  return asked !== null && asked > limits.retryAfterAtMostMs;
}

/** The pause after so many failures in a row, where the server named none: exponential back-off with full jitter. */
function pauseMs({ limits, random }: Patience, failed: number): number {
  return random() * Math.min(limits.pauseAtMostMs, limits.pauseMs * 2 ** Math.max(0, failed - 1));
}

/** The usual `Wait`. */
export async function waitAwake(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Only the signal ends it early, and whoever stopped it said why.
    signal.throwIfAborted();
  }
}
