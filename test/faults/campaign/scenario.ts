/** A piece of work that can be disturbed: where it begins, what it does, and what must hold while it lies there cut off and after it was done again. */
import { placeLauncher } from '../../../src/main/launcher/place.ts';
import { machineClock, patience, type Patience } from '../../../src/main/supervisor/patience.ts';
import { supervise } from '../../../src/main/supervisor/supervise.ts';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { parseRequest, type Request } from '../../../src/updater/engine/process/requests.ts';
import { cleanUpAfterGood } from '../../../src/updater/install/clean/cleanup.ts';
import { sweep } from '../../../src/updater/install/clean/tidy.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import type { FailureCode } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';

/** What a piece of work consists of: requests to the engine, and what is no request: a start up to its verdict, placing the launcher, and cleaning up as the next update does. */
export type Step = Request | Of<'start'> | Of<'place'> | Of<'clean'>;
type Of<Kind> = { readonly kind: Kind; readonly root: string };

/** One piece of work, done again by the same steps. */
export interface Scenario {
  readonly name: string;
  /** The installation that it begins with a copy of; null: none. */
  readonly ground: string | null;
  /** The same in the words of the command line; null where no command does just this. */
  readonly words: readonly string[] | null;
  /** The failure which says that it was done already. */
  readonly done: FailureCode | null;
  /** Whether the product's program takes part. */
  readonly hasProgram: boolean;
  steps(root: string): readonly Step[];
  wrongAnyTime(root: string): Promise<readonly string[]>;
  /** `isCertain`: nothing happened that may keep the old version. */
  wrongAtEnd(root: string, isCertain: boolean): Promise<readonly string[]>;
}

/** Shorter than the product's, but for what a busy machine needs time for. */
const quick: Patience = { ...patience, tickMs: 10, stageMs: 30_000, healthyMs: 30, settleMs: 50 };

/** Carries out one step; throws what it throws. */
export async function carryOut(step: Step, job: Job): Promise<void> {
  const layout = layoutOf(step.root);
  const place = { layout, instance: instanceOf(layout, 'default') };
  if (step.kind === 'start') {
    const tools = { ...place, patience: quick, clock: machineClock, tell: () => undefined };
    await supervise({ isSafe: false, host: null, until: 'verdict' }, tools, job);
  } else if (step.kind === 'place') {
    await placeLauncher(place, job);
  } else if (step.kind === 'clean') {
    await using _ = await takeLock(layout.lock, { waitMs: 10_000 }, job);
    await sweep(layout, job);
    await cleanUpAfterGood({ ...place, now: new Date() }, job);
  } else {
    // What asks no engine need not load it: cases start thousands of processes.
    const { serve } = await import('../../../src/updater/engine/process/serve.ts');
    await serve(step, job);
  }
}

/** Reads the steps that a case hands to its process (JSON). */
export function parseSteps(text: string): readonly Step[] {
  const steps = JSON.parse(text) as readonly Step[];
  return steps.map((step) => (['start', 'place', 'clean'].includes(step.kind) ? step : parseRequest(step)));
}
