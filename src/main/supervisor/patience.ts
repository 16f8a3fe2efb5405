/** Every time and count that a trial goes by, in milliseconds; tests shorten them. */
export interface Patience {
  /** How often health is looked at. */
  readonly tickMs: number;
  /** A longer time between two ticks was sleep, or a stopped process, and does not count. */
  readonly gapMs: number;
  /** Awake time without a next stage until a program counts as slow; null: what its manifest says. */
  readonly stageMs: number | null;
  /** How many times as long a slow program gets in its one retry. */
  readonly slowFactor: number;
  /** Awake time of health that makes a generation good; a good one that ends by itself sooner is unstable. */
  readonly healthyMs: number;
  /** Requests that have to be answered before their share of errors says anything. */
  readonly fewestRequests: number;
  /** How long a program that is told to end may take before it is killed. */
  readonly graceMs: number;
  /** After a program was ended from outside: how long to wait for the same to happen here, which makes it the session's end. */
  readonly settleMs: number;
  /** How long a start waits for another program of the same instance. */
  readonly lockMs: number;
}

/** What the product uses. */
export const patience: Patience = {
  tickMs: 250,
  gapMs: 5000,
  stageMs: null,
  slowFactor: 4,
  healthyMs: 60_000,
  fewestRequests: 20,
  graceMs: 10_000,
  settleMs: 2000,
  lockMs: 60_000,
};

/** Where a supervisor takes the time from: `now` is monotonic and in milliseconds, `wall` is for records only and may be wrong. */
export interface Clock {
  now(): number;
  wall(): Date;
}

/** The machine's clocks. */
export const machineClock: Clock = { now: () => performance.now(), wall: () => new Date() };
