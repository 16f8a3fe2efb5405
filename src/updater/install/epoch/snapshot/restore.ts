/**
 * Going back to a snapshot, in this order: its record and its version are verified; a new epoch is unpacked beside the present one
 * (`.making-<e>`: every object there, every byte verified, synced, renamed); what is there now becomes a snapshot itself; a generation
 * that names the new epoch is staged; the pointer is renamed. Nothing is ever copied over something, so a kill on any line leaves
 * the present state or the whole new one.
 */
import semver from 'semver';
import { readableRecord } from '../../../disk/atomic.ts';
import { compareTree } from '../../../disk/scan.ts';
import type { Snapshot } from '../../../model/application/snapshot.ts';
import { Failed } from '../../../model/failure.ts';
import { parseSource, type Generation } from '../../../model/generation.ts';
import type { Job } from '../../../model/job.ts';
import { readSnapshot, resolveSnapshot } from '../../../store/records.ts';
import { activate, type Switching } from '../../activate.ts';
import { installedGeneration, stageGeneration } from '../../generations.ts';
import { refuseForbidden } from '../../rollback.ts';
import { findVersion, type Version } from '../../versions.ts';
import { storeOf, takeSnapshot, type Ground } from './take.ts';
import { rebuildVersion, unpackEpoch } from './unpack.ts';

/** What a restore came to: the new generation, and the snapshot of what was there before it. */
export interface Restored {
  readonly generation: Generation;
  readonly from: Snapshot;
  readonly before: Snapshot;
}

/**
 * Goes back to the snapshot that `named` (an id, or its number) means. Throws `usage/wrong` when there is none, `state/damaged` or
 * `state/newer` when it cannot be read or lacks something, `switch/denied` when it is another product's or platform's, or its version
 * is not here, is damaged, or may not be gone back to. Under the locks of the root and the instance. Atomic: the pointer's rename.
 */
export async function restoreSnapshot(named: string, switching: Switching, job: Job): Promise<Restored> {
  const restored = await prepareRestore(named, switching, job);
  return { ...restored, generation: await activate(restored.generation, switching, job) };
}

/** The same up to the switch, which the next start makes: the generation is staged. Under the lock of the root; the application may run. */
export async function prepareRestore(named: string, ground: Ground, job: Job): Promise<Restored> {
  const { instance } = ground;
  const { snapshots } = storeOf(ground);
  const from = await readSnapshot(snapshots, await resolveSnapshot(snapshots, named));
  const current = await installedGeneration(instance);
  await refuseForeign(from, ground);
  const version = await wholeVersion(from, ground, job);
  if (semver.lt(from.version, current.version)) await refuseForbidden(current, version, ground);
  const epoch = await unpackEpoch(from, { why: 'restore', ground }, job);
  const wish = { kind: 'pre-update', note: `before going back to ${from.id}`, program: false, rehash: false } as const;
  const before = await takeSnapshot(wish, ground, job);
  const { now } = ground;
  const made = { why: 'restore', now, tries: version.manifest.health.tries, epoch: epoch.epoch, evolutions: from.evolutions } as const;
  const staged = await stageGeneration(instance, version.manifest, made);
  return { generation: staged, from, before };
}

async function refuseForeign({ id, product, platform, arch }: Snapshot, { layout }: Ground): Promise<void> {
  const here = await readableRecord(layout.source, parseSource);
  if (here === null) return;
  if (here.product !== product) throw new Failed('switch/denied', `the snapshot ${id} is of another product: ${product}`);
  if (here.platform !== platform || here.arch !== arch)
    throw new Failed('switch/denied', `the snapshot ${id} is of another platform: ${platform}-${arch}`);
}

/** The snapshot's version, every file of it verified. */
async function wholeVersion(snapshot: Snapshot, ground: Ground, job: Job): Promise<Version> {
  const { id, version, treeDigest } = snapshot;
  const found = (await findVersion(ground.layout, treeDigest)) ?? (await rebuildVersion(snapshot, ground, job));
  if (found === null) {
    throw new Failed(
      'switch/denied',
      `the snapshot ${id} needs version ${version}, which is not on this machine: first "moult update --to ${version}"`,
    );
  }
  const { missing, extra, changed } = await compareTree(found.folder, found.manifest.tree, job);
  if (missing.length + extra.length + changed.length > 0) throw new Failed('switch/denied', `version ${version} is damaged`);
  return found;
}
