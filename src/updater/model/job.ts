/** The steps of an update, in order; what a progress bar names. */
export const steps = ['check', 'download', 'build', 'verify', 'switch', 'confirm'] as const;

export type Step = (typeof steps)[number];

/** How far a step is, in bytes. `totalBytes` is null until it is known; `doneBytes` never goes back within a step. */
export interface Progress {
  readonly step: Step;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** The last parameter of everything slow: `signal` stops it, `report` hears how far it is. There is no other way to do either. */
export interface Job {
  readonly signal: AbortSignal;
  report(progress: Progress): void;
}

/** A job that nobody watches or stops: for commands that are over at once, and for tests. */
export function quietJob(): Job {
  return { signal: new AbortController().signal, report: () => undefined };
}

/** The same job, reporting at most every `everyMs` milliseconds, and always when a step begins or is complete. */
export function throttled(job: Job, everyMs: number, now: () => number): Job {
  let reportedAt = Number.NEGATIVE_INFINITY;
  let step: Step | null = null;
  const report = (progress: Progress): void => {
    const due = progress.step !== step || progress.doneBytes === progress.totalBytes || now() - reportedAt >= everyMs;
    if (!due) return;
    reportedAt = now();
    step = progress.step;
    job.report(progress);
  };
  return { signal: job.signal, report };
}
