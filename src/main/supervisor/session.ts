/** A start on its way: what it is for, what it works with, how it ends, and the few things that every step of it does. */
import { constants } from 'node:os';
import type { Switching } from '../../updater/install/activate.ts';
import { findVersion, type Version } from '../../updater/install/versions.ts';
import { Failed, failureOf, type Failure } from '../../updater/model/failure.ts';
import type { Generation } from '../../updater/model/generation.ts';
import type { Job } from '../../updater/model/job.ts';
import type { Clock, Patience } from './patience.ts';
import { noteStart } from './starts.ts';
import { openHealth } from './trial/health.ts';
import type { Exit, Limits, Trial } from './trial/judge.ts';
import { startProgram } from './trial/program.ts';
import type { Watching } from './trial/watch.ts';

/** What a start is for. `until`: stay with the program to its end, or only to the verdict on what is being tried. */
export interface Wish {
  readonly isSafe: boolean;
  readonly host: string | null;
  readonly until: 'end' | 'verdict';
}

/** What a supervisor works with. `tell` hears what a person may want to know, as it happens. */
export interface Tools extends Pick<Switching, 'layout' | 'instance'> {
  readonly patience: Patience;
  readonly clock: Clock;
  tell(news: News): void;
}

/** What happened: in the middle of a start, to which generation, and why. */
export interface News {
  readonly kind: 'recovered' | 'switched' | 'not-switched' | 'started' | 'ready' | 'good' | 'slow' | 'taken-back';
  readonly generation: Generation | null;
  readonly failure: Failure | null;
}

/** How a start ended: the program's exit code, or 7 when a trial was taken back on the way; then `takenBack` says why. `again`: the program wishes to be started anew. */
export interface Ending {
  readonly again: boolean;
  readonly exitCode: number;
  readonly generation: Generation;
  readonly takenBack: Failure | null;
}

/** One start on its way: what was taken back, how much more time a slow program gets, and what the disk did not let it do. */
export interface Session {
  readonly wish: Wish;
  readonly tools: Tools;
  readonly lock: Switching['lock'];
  readonly takenBack: Failure | null;
  readonly factor: number;
  readonly mayNotSwitch: boolean;
  readonly instead: Generation | null;
}

/** Starts a generation's program; one that is good already is noted as started. Whoever started it disposes of it: nothing runs on that nobody watches. */
export async function launch(generation: Generation, session: Session, job: Job): Promise<Watching & AsyncDisposable> {
  const { tools, wish, factor } = session;
  const { patience, clock, instance } = tools;
  const version = await versionOf(generation, session);
  const { entry, health } = version.manifest;
  if (entry === null) throw new Failed('start/no-entry', `version ${generation.version} declares no entry`);
  const file = await openHealth(instance);
  if (generation.state === 'good') await noteStart(instance, generation.n);
  const limits: Limits = {
    ...patience,
    stageMs: (patience.stageMs ?? health.stageTimeoutMs) * factor,
    errorPercent: health.errorRateLimit,
  };
  const output = wish.until === 'end' ? 'stdout' : 'stderr';
  const program = await startProgram({ ...tools, ...wish, version, entry, generation, health: file.path, output });
  tools.tell({ kind: 'started', generation, failure: null });
  const stop = async (): Promise<void> => void (await program.stop(patience.graceMs));
  return { program, health: file, limits, patience, clock, signal: job.signal, [Symbol.asyncDispose]: stop };
}

/** Enough is a verdict; on the way there the moment of readiness is told, once. */
export function untilVerdict({ tools }: Session, generation: Generation): (trial: Trial) => boolean {
  let isReady = false;
  return ({ readyAt, verdict }) => {
    if (readyAt !== null && !isReady) tools.tell({ kind: 'ready', generation, failure: null });
    isReady ||= readyAt !== null;
    return verdict !== null;
  };
}

/** A generation's version; throws `state/damaged` when it does not stand. */
export async function versionOf(generation: Generation, { tools }: Session): Promise<Version> {
  const version = await findVersion(tools.layout, generation.treeDigest);
  if (version === null) throw new Failed('state/damaged', `version ${generation.version} is not whole on this machine`);
  return version;
}

/** What a switch needs, now. */
export function switchingOf({ tools, lock }: Session): Switching {
  return { layout: tools.layout, instance: tools.instance, lock, now: tools.clock.wall() };
}

/** How a program ended, and whether it wishes to be started anew. */
export interface Left extends Pick<Trial, 'again'> {
  readonly exit: Exit;
}

/** How the start ended, when this is how its last program did. */
export function ending({ exit, again }: Left, generation: Generation, { takenBack }: Session): Ending {
  return { again, exitCode: takenBack === null ? exitCodeOf(exit) : 7, generation, takenBack };
}

/** A shell's convention: 128 and the signal's number. */
function exitCodeOf(exit: Exit): number {
  if (exit.kind === 'code') return exit.code;
  return exit.kind === 'signal' ? 128 + constants.signals[exit.signal] : 1;
}

/** Does a step that only writes something down; null when the disk is full, read-only or broken. */
export async function ifDiskLets<Result>(step: () => Promise<Result>): Promise<Result | null> {
  try {
    return await step();
  } catch (error) {
    const { code } = failureOf(error);
    // A lock that was lost is no such thing: somebody else is at work.
    if (!code.startsWith('disk/') || code === 'disk/busy') throw error;
    return null;
  }
}
