/** What is done in the background once a generation is good: nobody waits for it, and nothing depends on it. */
import { takeLock } from '../../updater/disk/lock.ts';
import { cleanUpAfterGood } from '../../updater/install/clean/cleanup.ts';
import { failureOf } from '../../updater/model/failure.ts';
import type { Tools } from './session.ts';

/** Turns epochs that were left into snapshots and removes what nothing needs any more. Where that cannot be done now, the next update does it. */
export async function cleanUpAfterwards({ layout, instance, clock }: Tools, signal: AbortSignal): Promise<void> {
  const job = { signal, report: () => undefined };
  try {
    await using _ = await takeLock(layout.lock, { waitMs: 0 }, job);
    await cleanUpAfterGood({ layout, instance, now: clock.wall() }, job);
  } catch (error) {
    const { code } = failureOf(error);
    // A busy, full or damaged installation, or the program's end: none of them is this program's concern.
    if (!/^(disk|state|job)\//.test(code)) throw error;
  }
}
