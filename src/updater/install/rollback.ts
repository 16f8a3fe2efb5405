/** Going back by the person's own wish: always a new generation with an old version, never an old pointer. */
import semver from 'semver';
import { compareTree } from '../disk/scan.ts';
import { Failed } from '../model/failure.ts';
import type { Generation } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import { activate, settle, type Switching } from './activate.ts';
import { installedGeneration, listGenerations, stageGeneration } from './generations.ts';
import { findVersion, type Version } from './versions.ts';

/**
 * Goes back to `target`, a generation's number or a version (null: to the generation before), and returns the new generation.
 * Every file of the old version is verified first. Where `target` runs already there is nothing to do. Throws `usage/wrong` for an unknown target, `switch/denied` when that
 * version is damaged, gone, or may not be gone back to.
 */
export async function rollBack(target: string | null, switching: Switching, job: Job): Promise<Generation> {
  const { layout, instance, now } = switching;
  const current = await installedGeneration(instance);
  if (target !== null && isNamedBy(target, current)) return settle(switching);
  const back = chooseTarget(target, current, await listGenerations(instance));
  const version = await findVersion(layout, back.treeDigest);
  if (version === null) throw new Failed('switch/denied', `version ${back.version} is not on this machine any more`);
  await refuseForbidden(current, version, switching);
  const difference = await compareTree(version.folder, version.manifest.tree, job);
  if (difference.missing.length + difference.extra.length + difference.changed.length > 0) {
    throw new Failed('switch/denied', `version ${back.version} is damaged`);
  }
  const staged = await stageGeneration(instance, version.manifest, { why: 'rollback', now, tries: version.manifest.health.tries });
  return activate(staged, switching, job);
}

/** Picks the newest generation that the target names; without one, the newest earlier one with another version that was good. */
export function chooseTarget(target: string | null, current: Generation, all: readonly Generation[]): Generation {
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

/** What the running version's manifest says about leaving it. */
async function refuseForbidden(current: Generation, back: Version, { layout }: Switching): Promise<void> {
  const running = await findVersion(layout, current.treeDigest);
  const rollback = running?.manifest.rollback;
  if (rollback === undefined) return;
  if (!rollback.supported) throw new Failed('switch/denied', `version ${current.version} cannot be left for an older one`);
  if (rollback.minVersion !== null && semver.lt(back.record.version, rollback.minVersion)) {
    throw new Failed('switch/denied', `from version ${current.version} the oldest one to go back to is ${rollback.minVersion}`);
  }
}
