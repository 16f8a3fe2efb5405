/** Going back by the person's own wish: always a new generation with an old version, never an old pointer. */
import semver from 'semver';
import { compareTree } from '../disk/scan.ts';
import { Failed } from '../model/failure.ts';
import type { Snapshot } from '../model/application/snapshot.ts';
import type { Generation } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import { readableSnapshots } from '../store/records.ts';
import { activate, settle, type Switching } from './activate.ts';
import { readEpoch } from './epoch/record.ts';
import type { Ground } from './epoch/snapshot/take.ts';
import { unpackEpoch } from './epoch/snapshot/unpack.ts';
import { installedGeneration, listGenerations, stageGeneration } from './generations.ts';
import type { Instance } from './layout.ts';
import { findVersion, type Version } from './versions.ts';

/**
 * Where to go back to: a generation's number or a version (null: to the generation before). `data` says what to do with data that
 * is newer than the old version can read: `restore` what belonged to it then; `keep` (and null) never hands it over.
 */
export interface WayBack {
  readonly target: string | null;
  readonly data: 'keep' | 'restore' | null;
}

/** Goes back and returns the new generation; where the target runs already there is nothing to do. Throws as `stageRollback` does. */
export async function rollBack(way: WayBack, switching: Switching, job: Job): Promise<Generation> {
  const staged = await stageRollback(way, switching, job);
  return staged === null ? settle(switching) : activate(staged, switching, job);
}

/** The same up to the switch, which the next start makes. Under the lock of the root; the application may run. */
export async function prepareRollback(way: WayBack, ground: Ground, job: Job): Promise<Generation> {
  return (await stageRollback(way, ground, job)) ?? settle(ground);
}

/**
 * Stages a generation with an old version, every file of which was verified; its record names the epoch that its own will be a
 * clone of. Null where the target runs already. Throws `usage/wrong` for an unknown target, `switch/denied` when that version is
 * damaged, gone, or may not be gone back to, `switch/data` when it cannot read the data.
 */
async function stageRollback(way: WayBack, ground: Ground, job: Job): Promise<Generation | null> {
  const { layout, instance, now } = ground;
  const current = await installedGeneration(instance);
  if (way.target === null ? isUntriedWayBack(current) : isNamedBy(way.target, current)) return null;
  const back = chooseTarget(way.target, current, await listGenerations(instance));
  const version = await findVersion(layout, back.treeDigest);
  if (version === null) throw new Failed('switch/denied', `version ${back.version} is not on this machine any more`);
  await refuseForbidden(current, version, ground);
  const data = await chooseData(way.data, { current, back, version }, instance);
  const difference = await compareTree(version.folder, version.manifest.tree, job);
  if (difference.missing.length + difference.extra.length + difference.changed.length > 0) {
    throw new Failed('switch/denied', `version ${back.version} is damaged`);
  }
  const { epoch } = data.kind === 'epoch' ? data : await unpackEpoch(data.snapshot, { why: 'rollback', ground }, job);
  return stageGeneration(instance, version.manifest, { why: 'rollback', now, tries: version.manifest.health.tries, epoch });
}

/** Who asks again for the version before, and it was gone back to already and never started, has not seen the answer: going on would lead forward again. */
function isUntriedWayBack({ why, state }: Generation): boolean {
  return why === 'rollback' && state === 'staged';
}

interface Sides {
  readonly current: Generation;
  readonly back: Generation;
  readonly version: Version;
}

/** What an old version goes on from: an epoch that is there, or the snapshot that became of one. */
type Data = { readonly kind: 'epoch'; readonly epoch: number } | { readonly kind: 'snapshot'; readonly snapshot: Snapshot };

/** What the old version goes on from: the present epoch where it can read it, its own of then where that is wished. The present one stays in any case. */
async function chooseData(data: WayBack['data'], { current, back, version }: Sides, instance: Instance): Promise<Data> {
  const present = { kind: 'epoch', epoch: current.epoch } as const;
  if (version.manifest.entry === null) return present;
  const readable = version.manifest.dataVersion;
  if (data === 'restore') {
    const then = await dataOfThen(back, instance);
    if (then === null || then.dataVersion > readable) {
      throw new Failed('switch/data', `the data that version ${back.version} had as generation ${back.n} is not on this machine any more`);
    }
    return then.data;
  }
  const now = (await readEpoch(instance, current.epoch))?.dataVersion ?? current.dataVersion;
  if (now <= readable) return present;
  const what = `the data has version ${now}, and ${back.version} can read up to ${readable}`;
  const ways = `--data restore goes back to the data of generation ${back.n}; the present data stays as epoch ${current.epoch} and can be exported`;
  throw new Failed('switch/data', `${what}; ${ways}`);
}

/** The epoch that a generation worked in, or else the newest snapshot of it; null when there is neither. */
export async function dataOfThen(
  { n, epoch }: Generation,
  instance: Instance,
): Promise<{ readonly dataVersion: number; readonly data: Data } | null> {
  const then = await readEpoch(instance, epoch);
  if (then !== null) return { dataVersion: then.dataVersion, data: { kind: 'epoch', epoch } };
  const snapshot = (await readableSnapshots(instance.snapshots)).findLast((kept) => kept.generation === n || kept.epoch === epoch);
  return snapshot === undefined ? null : { dataVersion: snapshot.dataVersion, data: { kind: 'snapshot', snapshot } };
}

/** Picks the newest generation that the target names; without one, the newest earlier one with another version that was good. */
function chooseTarget(target: string | null, current: Generation, all: readonly Generation[]): Generation {
  const others = all.filter(({ treeDigest, n }) => n !== current.n && treeDigest !== current.treeDigest).toReversed();
  const chosen =
    target === null
      ? (others.find(({ n }) => n === current.previous) ?? others.find(({ state, n }) => state === 'good' && n < current.n))
      : others.find((generation) => isNamedBy(target, generation));
  if (chosen !== undefined) return chosen;
  const what =
    target === null ? 'there is no earlier version to go back to' : `there is no earlier generation or version ${JSON.stringify(target)}`;
  throw new Failed('usage/wrong', what);
}

function isNamedBy(target: string, { n, version }: Generation): boolean {
  return String(n) === target || version === target;
}

/** Throws `switch/denied` when the running version's manifest forbids leaving it for that one. */
export async function refuseForbidden(current: Generation, back: Version, { layout }: Pick<Switching, 'layout'>): Promise<void> {
  const running = await findVersion(layout, current.treeDigest);
  const rollback = running?.manifest.rollback;
  if (rollback === undefined) return;
  if (!rollback.supported) throw new Failed('switch/denied', `version ${current.version} cannot be left for an older one`);
  if (rollback.minVersion !== null && semver.lt(back.record.version, rollback.minVersion)) {
    throw new Failed('switch/denied', `from version ${current.version} the oldest one to go back to is ${rollback.minVersion}`);
  }
}
