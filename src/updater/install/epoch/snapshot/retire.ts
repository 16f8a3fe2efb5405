/**
 * Epochs that were left become snapshots, and their folders go: the snapshot first, then the folder, so that nothing is lost on the way.
 *
 * Only once the present generation is good, since until then the one before it may have to start again at any moment.
 */
import { removeTree } from '../../../disk/atomic.ts';
import type { Snapshot } from '../../../model/application/snapshot.ts';
import { Failed } from '../../../model/failure.ts';
import type { Generation } from '../../../model/generation.ts';
import type { Job } from '../../../model/job.ts';
import { readableSnapshots } from '../../../store/records.ts';
import { signedTime } from '../../checks/signed-time.ts';
import { currentGeneration, listGenerations, stagedGeneration } from '../../generations.ts';
import type { Instance } from '../../layout.ts';
import { epochFolder, listEpochs, type EpochRecord } from '../record.ts';
import { keepEpoch, type Ground } from './take.ts';

/** What became of the epochs that were left: the snapshots that were made, and the epochs that cannot become one, with the reason. */
export interface Retired {
  readonly made: readonly Snapshot[];
  readonly kept: readonly { readonly epoch: number; readonly why: string }[];
}

/** Makes a snapshot of every epoch that no generation works in any more and removes its folder; abandoned ones as `abandoned`, the others as `pre-update`. Under the lock of the root. Safe to be killed and repeated. */
export async function retireEpochs(ground: Ground, job: Job): Promise<Retired> {
  const { instance } = ground;
  const current = await currentGeneration(instance);
  if (current?.state !== 'good') return { made: [], kept: [] };
  const used = new Set([current.epoch, (await stagedGeneration(instance))?.epoch]);
  const left = (await listEpochs(instance)).filter((record) => !used.has(record.epoch));
  if (left.length === 0) return { made: [], kept: [] };
  const now = await timeNow(ground);
  const made: Snapshot[] = [];
  const kept: { epoch: number; why: string }[] = [];
  for (const epoch of left) {
    try {
      const snapshot = await retireOne(epoch, { ...ground, now }, job);
      if (snapshot !== null) made.push(snapshot);
    } catch (error) {
      // An epoch that cannot become a snapshot stays as it is, and the others need not wait for it.
      if (!(error instanceof Failed) || error.code === 'job/cancelled') throw error;
      kept.push({ epoch: epoch.epoch, why: error.message });
    }
  }
  return { made, kept };
}

/** A clock that is behind what was signed is wrong, and what becomes a snapshot now is kept for its time from now on. */
async function timeNow({ layout, now }: Ground): Promise<Date> {
  const signed = await signedTime(layout);
  return signed === null || signed < now ? now : signed;
}

async function retireOne(record: EpochRecord, ground: Ground, job: Job): Promise<Snapshot | null> {
  const { instance } = ground;
  const generation = await lastGeneration(record, instance);
  const isKept = generation === null || (await readableSnapshots(instance.snapshots)).some((snapshot) => isOf(snapshot, record));
  const snapshot = isKept ? null : await keepEpoch(generation, wishFor(record, generation), { ...ground, job });
  await removeTree(epochFolder(instance, record.epoch));
  return snapshot;
}

/** The last generation that worked in an epoch; null for an epoch that none ever did, because a kill came between the two. Throws `state/damaged` when that cannot be told. */
async function lastGeneration({ epoch, generation, why }: EpochRecord, instance: Instance): Promise<Generation | null> {
  const all = await listGenerations(instance);
  const last = all.findLast((other) => other.epoch === epoch);
  if (last !== undefined) return last;
  const madeFor = all.find(({ n }) => n === generation);
  if (madeFor !== undefined || why === 'restore') return null;
  throw new Failed('state/damaged', `the record of generation ${generation}, which worked in epoch ${epoch}, is lost`);
}

/** A snapshot that was made of an epoch when nothing ran in it any more: a kill came before the folder was removed. */
function isOf(snapshot: Snapshot, record: EpochRecord): boolean {
  return snapshot.epoch === record.epoch && snapshot.note === noteOf(record);
}

function wishFor(record: EpochRecord, { state }: Generation) {
  const kind = record.state === 'abandoned' || state === 'bad' ? 'abandoned' : 'pre-update';
  return { kind, note: noteOf(record), program: false, rehash: false } as const;
}

function noteOf({ epoch, state }: EpochRecord): string {
  return state === 'abandoned' ? `epoch ${epoch}, left when its version was taken back` : `epoch ${epoch}, left for a newer one`;
}
