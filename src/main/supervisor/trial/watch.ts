/** Watches a running program until there is something to do about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Health } from './health.ts';
import { observe, type Exit, type Limits, type Sight, type Trial } from './judge.ts';
import type { Clock, Patience } from '../patience.ts';
import type { Program } from './program.ts';

/** A program under watch. An aborted `signal` means that this side was told to end. */
export interface Watching {
  readonly program: Program;
  readonly health: Health;
  readonly limits: Limits;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Adds to `trial` what is seen, until the program has ended or `isEnough`. When this side is told to end, so is the program.
 * What a program wrote before it ended is read before its end is judged.
 */
export async function watch(trial: Trial, watching: Watching, isEnough: (trial: Trial) => boolean): Promise<Trial> {
  const { program, health, limits, patience, clock, signal } = watching;
  let seen = trial;
  const see = (sight: Sight): void => {
    seen = observe(seen, { ...sight, at: clock.now() }, limits);
  };
  while (seen.exit === null && !isEnough(seen)) {
    await Promise.race([program.ended, sleep(patience.tickMs)]);
    if (signal.aborted) await program.stop(patience.graceMs);
    const exit = program.exit();
    const isAsked = exit !== null && (await wasAsked(exit, watching));
    for (const sight of await health.read()) see(sight);
    see(exit === null ? { kind: 'tick' } : { kind: 'exit', exit, isAsked });
  }
  return seen;
}

/** When a session ends, everything in it is told to end in no particular order: a program that was told so waits here for the same. */
async function wasAsked(exit: Exit, { signal, patience }: Watching): Promise<boolean> {
  const isFromOutside = exit.kind === 'signal' && ['SIGTERM', 'SIGINT', 'SIGHUP'].includes(exit.signal);
  if (isFromOutside && !signal.aborted) await sleep(patience.settleMs, undefined, { signal }).catch(() => undefined);
  return signal.aborted;
}
