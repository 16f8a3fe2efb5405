/** What a start finds on disk. */
import { namesIn } from '../../updater/disk/atomic.ts';
import { bootProblem, writeBootList } from '../../updater/install/checks/boot-list.ts';
import { epochFolder } from '../../updater/install/epoch/record.ts';
import { currentGeneration, listGenerations, stagedGeneration } from '../../updater/install/generations.ts';
import type { Instance, Layout } from '../../updater/install/layout.ts';
import { findVersion, listVersions } from '../../updater/install/versions.ts';
import type { Generation } from '../../updater/model/generation.ts';
import type { Job } from '../../updater/model/job.ts';
import { wayBack, type Candidate } from './decide.ts';
import { ifDiskLets } from './session.ts';

/** The three generations that a start decides between. */
export interface Found {
  readonly current: Candidate | null;
  readonly staged: Candidate | null;
  readonly previous: Generation | null;
}

interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
}

/**
 * Reads the generations and checks the versions that may start next before any of their code runs (S13, S14): the current one, the
 * one that waits, and, where the current one has yet to prove itself or is damaged, the one to go back to.
 */
export async function look({ layout, instance }: Place, job: Job): Promise<Found> {
  const all = await candidatesIn({ layout, instance });
  const check = async (wanted: Generation | null): Promise<Candidate | null> => {
    const found = all.find(({ generation }) => generation.n === wanted?.n);
    return found === undefined ? null : { ...found, isWhole: found.isWhole && (await isIntact(layout, found.generation, job)) };
  };
  const current = await check(await currentGeneration(instance));
  const staged = await check(await stagedGeneration(instance));
  if (current === null) return { current, staged, previous: null };
  const isSure = staged === null && current.isWhole && current.generation.state === 'good';
  // A damaged version is left with its data, one that failed is left for what was there before.
  const keepsData = current.generation.state === 'good';
  const intact = async (back: Generation): Promise<boolean> =>
    (keepsData || (await hasData(instance, back))) && isIntact(layout, back, job);
  return { current, staged, previous: isSure ? wayBack(current.generation, all) : await intactWayBack(current.generation, all, intact) };
}

async function intactWayBack(
  from: Generation,
  all: readonly Candidate[],
  isIntact: (back: Generation) => Promise<boolean>,
): Promise<Generation | null> {
  const back = wayBack(from, all);
  if (back === null || (await isIntact(back))) return back;
  const others = all.filter(({ generation }) => generation.n !== back.n);
  return intactWayBack(from, others, isIntact);
}

async function candidatesIn({ layout, instance }: Place): Promise<readonly Candidate[]> {
  const standing = new Set((await listVersions(layout)).map(({ treeDigest }) => treeDigest));
  return (await listGenerations(instance)).map((generation) => ({ generation, isWhole: standing.has(generation.treeDigest) }));
}

/** Whether a generation's epoch is still a folder: one that was turned into a snapshot would start empty. One that was never started has none of its own yet. */
export async function hasData(instance: Instance, { state, epoch }: Generation): Promise<boolean> {
  if (state === 'staged') return true;
  return (await namesIn(epochFolder(instance, epoch))).length > 0;
}

/** Whether what runs first is as it was built, and all else looks so. A lost list of the launcher's is made anew on the way. */
async function isIntact(layout: Layout, generation: Generation, job: Job): Promise<boolean> {
  const version = await findVersion(layout, generation.treeDigest);
  if (version === null || (await bootProblem(version, job)) !== null) return false;
  await ifDiskLets(() => writeBootList(layout, version.manifest));
  return true;
}
