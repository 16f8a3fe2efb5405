import type { Wait } from '../attempts.ts';

/** What all streams of a remote draw their bytes from. */
export interface Bandwidth {
  /** Counts bytes that came, and waits until they were allowed to. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
  /** All bytes that came so far, those of answers that were thrown away included. */
  takenBytes(): number;
}

/** How much may come at once after a quiet time, in milliseconds of the full rate. */
const burstMs = 250;

/**
 * A token bucket of `bytesPerSecond`; null means no cap. Bytes that came cannot be sent back, so the bucket goes into debt, and
 * whoever comes next waits for the debt of all: together the streams never exceed the rate by more than a burst.
 */
export function openBandwidth(bytesPerSecond: number | null, wait: Wait, now: () => number): Bandwidth {
  const perMs = bytesPerSecond === null ? Number.POSITIVE_INFINITY : bytesPerSecond / 1000;
  const most = perMs * burstMs;
  let tokens = most;
  let filledAt = now();
  let takenBytes = 0;
  const take = async (bytes: number, signal: AbortSignal): Promise<void> => {
    takenBytes += bytes;
    if (bytesPerSecond === null) return;
    const time = now();
    tokens = Math.min(most, tokens + (time - filledAt) * perMs) - bytes;
    filledAt = time;
    if (tokens < 0) await wait(-tokens / perMs, signal);
  };
  return { take, takenBytes: () => takenBytes };
}
