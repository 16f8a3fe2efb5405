import { z } from 'zod';

/** The steps of an update, in order; what a progress bar names. */
export const steps = ['check', 'download', 'build', 'verify', 'switch', 'confirm'] as const;

export type Step = (typeof steps)[number];

export const progressSchema = z.object({
  step: z.enum(steps),
  doneBytes: z.int().nonnegative(),
  totalBytes: z.int().nonnegative().nullable(),
});

/** How far a step is, in bytes. `totalBytes` is null until it is known; `doneBytes` never goes back within a step. */
export type Progress = Readonly<z.infer<typeof progressSchema>>;

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

/** The same job, with the milliseconds that went by in each step: a step lasts until another one reports. */
export function timed(job: Job, now: () => number): { readonly job: Job; milliseconds(): Readonly<Partial<Record<Step, number>>> } {
  const spent = new Map<Step, number>();
  let running: { step: Step; since: number } | null = null;
  const close = (): void => {
    if (running !== null) spent.set(running.step, (spent.get(running.step) ?? 0) + now() - running.since);
  };
  const report = (progress: Progress): void => {
    if (progress.step !== running?.step) {
      close();
      running = { step: progress.step, since: now() };
    }
    job.report(progress);
  };
  const milliseconds = (): Partial<Record<Step, number>> => {
    close();
    running = running === null ? null : { step: running.step, since: now() };
    return Object.fromEntries([...spent].map(([step, ms]) => [step, Math.round(ms)]));
  };
  return { job: { signal: job.signal, report }, milliseconds };
}
