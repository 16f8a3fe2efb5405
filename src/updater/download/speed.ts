/** How fast it goes and how long it takes, from a sequence of (time, bytes). No clock in here: the caller says what time it is. */

/** `left` in seconds, rounded for people: 0 means a few, up to a minute it is a multiple of 5, above that of 60; null: not to be said. */
export interface Estimate {
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** No byte came for over ten seconds. */
  readonly isStalled: boolean;
}

export interface Speedometer {
  /** Notes how many bytes are done at a time (milliseconds, any origin); returns the bytes per second, null until it can be known. */
  add(atMs: number, doneBytes: number): number | null;
  /** What can be said at a time about a whole of so many bytes. */
  estimate(atMs: number, totalBytes: number | null): Estimate;
}

/** The weight of what happened so long ago is 1/e. */
const memoryMs = 5000;
const stalledMs = 10_000;
/** An estimate needs so much of a beginning. */
const beginningMs = 3000;
const beginningShare = 0.02;
/** Shorter steps say more about buffers than about the network. */
const stepMs = 100;

interface Reading {
  readonly startMs: number;
  readonly startBytes: number;
  readonly atMs: number;
  readonly doneBytes: number;
  readonly movedMs: number;
  readonly bytesPerMs: number | null;
}

/** Returns a meter for one step; bytes that go back start it anew. */
export function speedometer(): Speedometer {
  let reading: Reading | null = null;
  return {
    add: (atMs, doneBytes) => {
      reading = reading === null || doneBytes < reading.doneBytes ? begin(atMs, doneBytes) : next(reading, atMs, doneBytes);
      return reading.bytesPerMs === null ? null : reading.bytesPerMs * 1000;
    },
    estimate: (atMs, totalBytes) => (reading === null ? nothing : estimate(reading, atMs, totalBytes)),
  };
}

const nothing: Estimate = { bytesPerSecond: null, secondsLeft: null, isStalled: false };

function begin(atMs: number, doneBytes: number): Reading {
  return { startMs: atMs, startBytes: doneBytes, atMs, doneBytes, movedMs: atMs, bytesPerMs: null };
}

/** An exponentially weighted mean whose weights follow the time that passed, not the number of readings. */
function next(last: Reading, atMs: number, doneBytes: number): Reading {
  const passedMs = atMs - last.atMs;
  if (passedMs < stepMs) return last;
  const now = (doneBytes - last.doneBytes) / passedMs;
  const kept = Math.exp(-passedMs / memoryMs);
  const bytesPerMs = last.bytesPerMs === null ? now : kept * last.bytesPerMs + (1 - kept) * now;
  return { ...last, atMs, doneBytes, movedMs: doneBytes > last.doneBytes ? atMs : last.movedMs, bytesPerMs };
}

function estimate(reading: Reading, atMs: number, totalBytes: number | null): Estimate {
  const { bytesPerMs, doneBytes } = reading;
  const isStalled = atMs - reading.movedMs > stalledMs;
  const bytesPerSecond = bytesPerMs === null ? null : bytesPerMs * 1000;
  if (isStalled || bytesPerMs === null || bytesPerMs <= 0 || totalBytes === null) return { bytesPerSecond, secondsLeft: null, isStalled };
  const hasBegun = atMs - reading.startMs >= beginningMs && doneBytes - reading.startBytes >= beginningShare * totalBytes;
  const msLeft = Math.max(0, totalBytes - doneBytes) / bytesPerMs;
  return { bytesPerSecond, secondsLeft: hasBegun ? rounded(msLeft / 1000) : null, isStalled };
}

function rounded(seconds: number): number {
  if (seconds < 5) return 0;
  const step = seconds <= 55 ? 5 : 60;
  return Math.ceil(seconds / step) * step;
}
