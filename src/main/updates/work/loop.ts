/** One turn after the other, and one timer in between: whatever happens leads to a turn, and a turn says when the next is due. */
import type { Clock } from './present.ts';

/** Turns until it is disposed of. */
export interface Loop extends AsyncDisposable {
  /** Resolves when a turn that began after this call is over. */
  look(): Promise<void>;
}

/** Opens a loop; `turn` returns the milliseconds to the next one. Nothing runs before the first look. */
export function openLoop(turn: () => Promise<number>, clock: Clock): Loop {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  let nap = new AbortController();
  let isClosed = false;
  const turnOnce = async (): Promise<void> => {
    waiting -= 1;
    if (isClosed) return;
    nap.abort();
    const ms = await turn();
    nap = new AbortController();
    // Whoever waits for a turn already makes the nap short.
    if (waiting === 0 && !isClosed) void sleep(ms, nap.signal);
  };
  const look = (): Promise<void> => {
    waiting += 1;
    last = last.then(turnOnce);
    return last;
  };
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.wait(ms, signal);
    } catch {
      // Something happened meanwhile: its own turn follows.
      return;
    }
    await look();
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    nap.abort();
    await last;
  };
  return { look, [Symbol.asyncDispose]: close };
}
