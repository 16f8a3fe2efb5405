/** Snapshots in the engine's process. The root's lock is held; only going back needs the instance to stand still as well. */
import { takeLock, type Lock } from '../../disk/lock.ts';
import { signedTime } from '../../install/checks/signed-time.ts';
import { deleteSnapshot, pinSnapshot, tidySnapshots } from '../../install/epoch/snapshot/keep.ts';
import { prepareRestore, restoreSnapshot, type Restored } from '../../install/epoch/snapshot/restore.ts';
import { retireEpochs } from '../../install/epoch/snapshot/retire.ts';
import { takeSnapshot } from '../../install/epoch/snapshot/take.ts';
import type { Instance, Layout } from '../../install/layout.ts';
import type { Job } from '../../model/job.ts';
import type { RequestOf, SnapshotResult } from './requests.ts';

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly rootLock: Lock;
  readonly waitMs: number;
  readonly now: Date;
}

/** Carries out what is wished of an instance's snapshots. */
export async function serveSnapshot({ wish, underApp = false }: RequestOf<'snapshot'>, place: Place, job: Job): Promise<SnapshotResult> {
  const ground = place;
  switch (wish.kind) {
    case 'create': {
      const snapshot = await takeSnapshot({ ...wish, kind: wish.as ?? 'manual' }, ground, job);
      await retireEpochs(ground, job);
      const policy = { keep: wish.keep ?? null, signedNow: () => signedTime(place.layout) };
      return { did: 'create', snapshot, removed: await tidySnapshots(policy, ground) };
    }
    case 'pin':
      return { did: 'pin', snapshot: await pinSnapshot(wish.id, wish.pinned, ground), removed: [] };
    case 'delete':
      return { did: 'delete', removed: [await deleteSnapshot(wish.id, ground)] };
    case 'restore': {
      const { generation, from, before } = underApp ? await prepareRestore(wish.id, ground, job) : await restoreNow(wish.id, place, job);
      return { did: 'restore', snapshot: from, generation, before };
    }
  }
}

async function restoreNow(id: string, place: Place, job: Job): Promise<Restored> {
  await using lock = await takeLock(place.instance.lock, place, job);
  return await restoreSnapshot(id, { ...place, lock, now: new Date() }, job);
}
