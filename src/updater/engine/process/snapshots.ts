/** Snapshots in the engine's process. The root's lock is held; only going back needs the instance to stand still as well. */
import { takeLock, type Lock } from '../../disk/lock.ts';
import { deleteSnapshot, pinSnapshot, tidySnapshots } from '../../install/epoch/snapshot/keep.ts';
import { restoreSnapshot } from '../../install/epoch/snapshot/restore.ts';
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
}

/** Carries out what is wished of an instance's snapshots. */
export async function serveSnapshot({ wish }: RequestOf<'snapshot'>, place: Place, job: Job): Promise<SnapshotResult> {
  const ground = { ...place, now: new Date() };
  switch (wish.kind) {
    case 'create': {
      const snapshot = await takeSnapshot({ ...wish, kind: 'manual' }, ground, job);
      await retireEpochs(ground, job);
      return { did: 'create', snapshot, removed: await tidySnapshots({ keep: wish.keep, signedNow: null }, ground) };
    }
    case 'pin':
      return { did: 'pin', snapshot: await pinSnapshot(wish.id, wish.pinned, ground), removed: [] };
    case 'delete':
      return { did: 'delete', removed: [await deleteSnapshot(wish.id, ground)] };
    case 'restore': {
      await using lock = await takeLock(place.instance.lock, place, job);
      const { generation, from, before } = await restoreSnapshot(wish.id, { ...ground, lock }, job);
      return { did: 'restore', snapshot: from, generation, before };
    }
  }
}
