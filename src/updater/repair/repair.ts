/** A repair as a straight line: look, plan, mend, look again. What cannot be mended is left for a person, and said. */
import { recoverPointer } from '../install/checks/recover.ts';
import { Failed, failureOf, type Failure } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { RepairPlan, Report } from '../model/application/health.ts';
import { mendVersion, type FetchContents, type Mended } from './mend.ts';
import { planRepair } from './plan.ts';
import { verifyInstance, type Ground } from './verify.ts';

/** What became of a repair: the look before, the plan, what each step did or failed with, and the look after it (null where nothing was done). */
export interface Repaired {
  readonly before: Report;
  readonly plan: RepairPlan;
  readonly done: readonly (Mended | Failure | null)[];
  readonly after: Report | null;
}

/** Where to mend, and how: `mayRecover` only where the instance's lock is held, since the pointer is written then. */
export interface Site extends Ground {
  readonly fetch: FetchContents;
  readonly mayRecover: boolean;
}

/** Mends what can be mended, under the lock of the root. A step that fails keeps no other from being taken. */
export async function repair(ground: Site, job: Job): Promise<Repaired> {
  const before = await verifyInstance(ground, job);
  const plan = planRepair(before);
  const done: (Mended | Failure | null)[] = [];
  for (const step of plan.steps) {
    try {
      if (step.kind === 'version') done.push(await mendVersion(step, ground, job));
      else if (ground.mayRecover) done.push(await recoverPointer(ground));
      else
        done.push(
          new Failed('disk/busy', 'while the application runs its pointer is left alone; the next start finds out what runs').failure,
        );
    } catch (error) {
      job.signal.throwIfAborted();
      done.push(failureOf(error));
    }
  }
  return { before, plan, done, after: plan.steps.length === 0 ? null : await verifyInstance(ground, job) };
}
