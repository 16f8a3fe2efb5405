/**
 * The verdict on a trial, from what was seen of it and when.
 *
 * Only awake time counts: the time between two events, unless it is so long that the machine slept or this process was stopped.
 * Times are monotonic; the wall clock has no say. Deadlines begin anew with every further stage.
 */

/** Stages in their order; `page` and `service` are alternatives. */
const stages: Readonly<Record<string, number>> = { loaded: 1, config: 2, database: 3, page: 4, service: 4, ready: 5 };

/** How a program ended. `not-started` is the program's fault, such as a missing interpreter; `no-means` is the machine's. */
export type Exit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly detail: string }
  | { readonly kind: 'no-means'; readonly detail: string };

/** What was seen, at which monotonic millisecond. `requests` are totals so far; `again`: it wishes to be started anew; `isAsked`: the end was asked for by this side, or the session's. */
export type Sight =
  | { readonly kind: 'tick' }
  | { readonly kind: 'stage'; readonly stage: string }
  | { readonly kind: 'unhealthy'; readonly why: string }
  | { readonly kind: 'requests'; readonly requests: number; readonly errors: number }
  | { readonly kind: 'quitting'; readonly by: 'user' | 'session'; readonly again: boolean }
  | { readonly kind: 'exit'; readonly exit: Exit; readonly isAsked: boolean };

export type Sighting = Sight & { readonly at: number };

/** `killed` says nothing about the program and yet uses a try. */
export type Verdict = { readonly kind: 'good' } | { readonly kind: 'failed' | 'slow' | 'inconclusive' | 'killed'; readonly detail: string };

/** What a trial is measured by: milliseconds of awake time, and errors in per cent of at least so many requests. */
export interface Limits {
  readonly gapMs: number;
  readonly stageMs: number;
  readonly healthyMs: number;
  readonly errorPercent: number;
  readonly fewestRequests: number;
}

/**
 * A trial so far. Times are awake milliseconds since its first sighting; `readyAt` is null until the program said that it is ready; `again`: it left,
 * and wishes to be started anew. One that was never ready wishes nothing.
 */
export interface Trial {
  readonly seenAt: number | null;
  readonly awakeMs: number;
  readonly stage: number;
  readonly stageAt: number;
  readonly readyAt: number | null;
  readonly quitting: 'user' | 'session' | null;
  readonly again: boolean;
  readonly exit: Exit | null;
  readonly verdict: Verdict | null;
}

/** A trial of which nothing was seen yet. */
export const untried: Trial = {
  seenAt: null,
  awakeMs: 0,
  stage: 0,
  stageAt: 0,
  readyAt: null,
  quitting: null,
  again: false,
  exit: null,
  verdict: null,
};

/** Returns the verdict on everything that was seen, or null while there is none. Pure. */
export function judge(sightings: readonly Sighting[], limits: Limits): Verdict | null {
  return sightings.reduce((trial, sighting) => observe(trial, sighting, limits), untried).verdict;
}

/** Adds a sighting to a trial. The first verdict stands. Pure. */
export function observe(trial: Trial, sighting: Sighting, limits: Limits): Trial {
  const now = note(passTime(trial, sighting.at, limits), sighting);
  return { ...now, verdict: trial.verdict ?? verdictByTime(trial, now, limits) ?? verdictBySight(now, sighting, limits) };
}

function passTime(trial: Trial, at: number, { gapMs }: Limits): Trial {
  const passed = trial.seenAt === null ? 0 : at - trial.seenAt;
  return { ...trial, seenAt: at, awakeMs: trial.awakeMs + (passed > gapMs || passed < 0 ? 0 : passed) };
}

function note(trial: Trial, sighting: Sighting): Trial {
  if (sighting.kind === 'quitting') return { ...trial, quitting: sighting.by, again: sighting.again && trial.readyAt !== null };
  if (sighting.kind === 'exit') return { ...trial, exit: sighting.exit };
  if (sighting.kind !== 'stage') return trial;
  const stage = stages[sighting.stage] ?? 0;
  if (stage <= trial.stage) return trial;
  return { ...trial, stage, stageAt: trial.awakeMs, readyAt: sighting.stage === 'ready' ? trial.awakeMs : null };
}

/** Deadlines are those of the stage that was reached before this sighting: a stage that comes too late is too late. */
function verdictByTime(before: Trial, { awakeMs }: Trial, limits: Limits): Verdict | null {
  if (before.quitting !== null) return null;
  if (before.readyAt !== null) return awakeMs - before.readyAt >= limits.healthyMs ? { kind: 'good' } : null;
  if (awakeMs - before.stageAt <= limits.stageMs) return null;
  return { kind: 'slow', detail: `${limits.stageMs} ms passed without the stage after ${nameOf(before.stage)}` };
}

function verdictBySight(trial: Trial, sighting: Sighting, limits: Limits): Verdict | null {
  switch (sighting.kind) {
    case 'tick':
    case 'stage':
    case 'quitting':
      return null;
    case 'unhealthy':
      return trial.quitting === null ? { kind: 'failed', detail: `it says that it is unhealthy: ${sighting.why}` } : null;
    case 'requests':
      return verdictOnErrors(sighting, limits);
    case 'exit':
      return verdictOnExit(trial, sighting);
  }
}

function verdictOnErrors({ requests, errors }: { requests: number; errors: number }, limits: Limits): Verdict | null {
  const isTooMany = requests >= limits.fewestRequests && errors * 100 > requests * limits.errorPercent;
  return isTooMany ? { kind: 'failed', detail: `${errors} of ${requests} requests failed` } : null;
}

/** Signals that come from outside; all others are how a program crashes. */
const outerSignals: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

function verdictOnExit({ quitting }: Trial, { exit, isAsked }: { exit: Exit; isAsked: boolean }): Verdict {
  if (quitting !== null) return { kind: 'inconclusive', detail: `it was left by the ${quitting}` };
  if (isAsked) return { kind: 'inconclusive', detail: 'it was told to end' };
  switch (exit.kind) {
    case 'code':
      return { kind: 'failed', detail: `it ended by itself with exit code ${exit.code}` };
    case 'signal':
      if (outerSignals.has(exit.signal)) return { kind: 'killed', detail: `it was ended from outside by ${exit.signal}` };
      return { kind: 'failed', detail: `it crashed with ${exit.signal}` };
    case 'not-started':
      return { kind: 'failed', detail: `it could not be started: ${exit.detail}` };
    case 'no-means':
      return { kind: 'inconclusive', detail: `this machine could not start it: ${exit.detail}` };
  }
}

function nameOf(stage: number): string {
  return Object.keys(stages).find((name) => stages[name] === stage) ?? 'its start';
}
