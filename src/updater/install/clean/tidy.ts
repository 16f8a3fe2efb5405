/**
 * Removes what an interrupted piece of work left behind. Called under the root's lock; safe to be killed and repeated.
 *
 * A tree goes only when it has no record, not even a damaged one, and no generation names it (the same goes for its list): a version that may be running is
 * never touched, whatever happened to the files around it.
 */
import { join } from 'node:path';
import { isLeftover, namesIn, removeTree } from '../../disk/atomic.ts';
import { takeLock } from '../../disk/lock.ts';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';
import { heldVersions, listInstances } from '../instances.ts';
import type { Instance, Layout } from '../layout.ts';

/** Removes unfinished trees, and the downloads that `keep` does not name. Never follows a link. */
export async function tidy(layout: Layout, keep: ReadonlySet<string>): Promise<void> {
  const names = await namesIn(layout.versions);
  const recorded = new Set(names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)));
  const alone = names.filter((name) => !name.endsWith('.json') && !recorded.has(name.replace(/\.boot$/, '')));
  const held = alone.length === 0 ? new Set() : await heldVersions(layout);
  for (const name of alone.filter((each) => !held.has(each.replace(/\.boot$/, '')))) await removeTree(join(layout.versions, name));
  const stale = (await namesIn(layout.downloads)).filter((name) => !keep.has(name));
  for (const name of stale) await removeTree(join(layout.downloads, name));
}

/**
 * Removes what killed replacements left beside the files that they were to become, wherever records stand. The shared ones are
 * written under the root's lock, those of an instance under its own as well: one that is at work is left alone.
 */
export async function sweep(layout: Layout, job: Job): Promise<void> {
  await sweepFolders([
    layout.root,
    layout.boot,
    layout.versions,
    layout.objects,
    layout.trust,
    layout.accepted,
    join(layout.trust, 'targets'),
  ]);
  for (const instance of await listInstances(layout)) await sweepInstance(instance, job);
}

async function sweepInstance(instance: Instance, job: Job): Promise<void> {
  try {
    await using _ = await takeLock(instance.lock, { waitMs: 0 }, job);
    await sweepFolders(await recordFolders(instance));
  } catch (error) {
    if (!(error instanceof Failed && error.code === 'disk/busy')) throw error;
  }
}

async function sweepFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const name of (await namesIn(folder)).filter(isLeftover)) await removeTree(join(folder, name));
  }
}

async function recordFolders({ folder, generations, epochs, snapshots }: Instance): Promise<readonly string[]> {
  return [folder, generations, epochs, snapshots, ...(await namesIn(epochs)).map((epoch) => join(epochs, epoch))];
}
