/** Time that passes when a test says so: on the clock of the day, on the one that nobody sets, and for whoever waits. */
import type { Clock } from '../../../../src/main/updates/updates.ts';

interface Waiting {
  readonly dueMs: number;
  readonly end: () => void;
}

/** A clock, and what a test may do to it. */
export interface TestClock extends Clock {
  /** How often somebody woke up so far. */
  wakeUps(): number;
  /** When the next one who waits is to wake (monotonic); null when nobody waits. */
  nextMs(): number | null;
  /** Lets time go by up to a point, and wakes whoever waited for it. */
  goTo(monotonicMs: number): void;
  /** The time of day goes on while everything that counts time stands still: the machine sleeps. */
  sleep(ms: number): void;
  /** Somebody sets the clock. */
  set(now: Date): void;
}

/** Starts a clock at a time of day. */
export function startClock(start: Date): TestClock {
  let monotonicMs = 0;
  let wallMs = start.getTime();
  let wakeUps = 0;
  let waiting: Waiting[] = [];
  return {
    now: () => new Date(wallMs),
    monotonicMs: () => monotonicMs,
    wait: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const one = { dueMs: monotonicMs + ms, end: resolve };
        waiting.push(one);
        signal.addEventListener('abort', () => {
          waiting = waiting.filter((other) => other !== one);
          reject(new Error('woken'));
        });
      }),
    wakeUps: () => wakeUps,
    nextMs: () => (waiting.length === 0 ? null : Math.min(...waiting.map(({ dueMs }) => dueMs))),
    goTo: (toMs) => {
      wallMs += Math.max(0, toMs - monotonicMs);
      monotonicMs = Math.max(monotonicMs, toMs);
      const due = waiting.filter(({ dueMs }) => dueMs <= monotonicMs);
      waiting = waiting.filter((one) => !due.includes(one));
      wakeUps += due.length;
      for (const { end } of due) end();
    },
    sleep: (ms) => {
      wallMs += ms;
    },
    set: (now) => {
      wallMs = now.getTime();
    },
  };
}
