/** How long, how fast, how often and how much at once: every number that a download obeys. Times in milliseconds. */
export interface Limits {
  /** How long a connection (with TLS and the way through a proxy) may take to stand. */
  readonly connectMs: number;
  /** How long from the request to the end of the answer's headers, connecting included. */
  readonly answerMs: number;
  /** An answer is too slow when fewer than `minimumBytes` come in `minimumWindowMs` of waiting for the network. */
  readonly minimumBytes: number;
  readonly minimumWindowMs: number;
  /** How often one place is asked without any progress in between: a verified part, not a byte. */
  readonly attempts: number;
  /** The pause after the first failure; it doubles with each further one, up to the second number, and is drawn from 0 to that. */
  readonly pauseMs: number;
  readonly pauseAtMostMs: number;
  /** A server that names a longer pause (Retry-After) than this is not asked again: the failure says how long it wants to be left alone. */
  readonly retryAfterAtMostMs: number;
  /** How many ranges are fetched at the same time, and how long a range of several parts may become. */
  readonly streams: number;
  readonly rangeBytes: number;
}

export const usualLimits: Limits = {
  connectMs: 10_000,
  answerMs: 20_000,
  minimumBytes: 1024,
  minimumWindowMs: 5000,
  attempts: 5,
  pauseMs: 500,
  pauseAtMostMs: 30_000,
  retryAfterAtMostMs: 120_000,
  streams: 4,
  rangeBytes: 1024 ** 2,
};
