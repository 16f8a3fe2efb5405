/**
 * A generation runs again whose epoch was turned into a snapshot, because the records of all later ones are lost. Its own folder
 * would be empty, so it gets a successor of the same version with the data of the snapshot. The epoch comes first, then the
 * record, then the pointer: a kill on any line is repeated from the beginning.
 */
import { namesIn } from '../../../disk/atomic.ts';
import type { Generation } from '../../../model/generation.ts';
import type { Job } from '../../../model/job.ts';
import { currentGeneration, pointTo, stageGeneration } from '../../generations.ts';
import { dataOfThen } from '../../rollback.ts';
import { findVersion } from '../../versions.ts';
import { epochFolder } from '../record.ts';
import type { Ground } from './take.ts';
import { unpackEpoch } from './unpack.ts';

/** Brings the current generation's data back where it is a snapshot only, and returns the generation that has it; null where there is nothing to do. Throws `state/damaged` when the snapshot is not whole. Atomic: the pointer's rename. */
export async function returnData(ground: Ground, job: Job): Promise<Generation | null> {
  const { instance, layout, now } = ground;
  const current = await currentGeneration(instance);
  if (current === null || current.state === 'staged' || (await namesIn(epochFolder(instance, current.epoch))).length > 0) return null;
  const version = await findVersion(layout, current.treeDigest);
  const then = await dataOfThen(current, instance);
  if (version === null || then?.data.kind !== 'snapshot') return null;
  const { epoch } = await unpackEpoch(then.data.snapshot, { why: 'repair', ground }, job);
  const made = { why: 'repair', now, tries: version.manifest.health.tries, epoch } as const;
  const successor = await stageGeneration(instance, version.manifest, made);
  await pointTo(instance, successor);
  return successor;
}
