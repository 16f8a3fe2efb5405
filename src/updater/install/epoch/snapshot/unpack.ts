/** From a snapshot to an epoch, and to a version where the snapshot holds one. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../../disk/atomic.ts';
import { treeDigest as treeDigestOf } from '../../../disk/hash.ts';
import { linkInside } from '../../../disk/inside.ts';
import { scanTree } from '../../../disk/scan.ts';
import type { Snapshot } from '../../../model/application/snapshot.ts';
import { Failed } from '../../../model/failure.ts';
import type { Reason } from '../../../model/generation.ts';
import type { Job } from '../../../model/job.ts';
import { unpackProgram, unpackSnapshot } from '../../../store/unpack.ts';
import { highestEpoch, nextGenerationNumber } from '../../generations.ts';
import { acceptedManifest, beginVersion, findVersion, recordVersion, type Version } from '../../versions.ts';
import { beginEpoch, epochFolders, finishEpoch, sweepMakings, type EpochRecord } from '../record.ts';
import type { Ground } from './take.ts';

/** Makes a new epoch of a snapshot, for the generation that will be staged next. Atomic: the rename. Throws `state/damaged` when anything of it is missing or damaged. */
export async function unpackEpoch(
  snapshot: Snapshot,
  { why, ground }: { readonly why: Reason; readonly ground: Ground },
  job: Job,
): Promise<EpochRecord> {
  const { instance, layout, now } = ground;
  await sweepMakings(instance);
  const after = Math.max(snapshot.epoch, await highestEpoch(instance));
  const purpose = { after, generation: await nextGenerationNumber(instance), why, now };
  const making = await beginEpoch(instance, { dataVersion: snapshot.dataVersion, from: null }, purpose);
  try {
    await unpackSnapshot(layout.objects, { snapshot, folder: making.folder }, job);
    for (const part of epochFolders) await mkdir(join(making.folder, part), { recursive: true, mode: 0o700 });
    return await finishEpoch(making);
  } catch (error) {
    // The first failure is the one to tell; what cannot be removed is swept by the next one who makes an epoch.
    await removeTree(making.folder).catch(() => undefined);
    throw error;
  }
}

/** Makes the version of a snapshot stand again from the copy that the snapshot holds; null when it holds none. Atomic: the version's record. Throws `state/damaged` when the copy is not what was accepted. */
export async function rebuildVersion(snapshot: Snapshot, { layout, now }: Ground, job: Job): Promise<Version | null> {
  const { id, program, treeDigest, version } = snapshot;
  const manifest = program === null ? null : await acceptedManifest(layout, treeDigest);
  if (program === null || manifest === null) return null;
  const folder = await beginVersion(layout, manifest);
  await unpackProgram(layout.objects, { program, folder, id }, job);
  for (const { path, target } of manifest.tree.links) await linkInside(folder, path, target);
  if (treeDigestOf(await scanTree(folder, job)) !== treeDigest)
    throw new Failed('state/damaged', `the copy of ${version} in the snapshot ${id} is not that version`);
  await recordVersion(layout, manifest, { ...program, now });
  return findVersion(layout, treeDigest);
}
