/**
 * Removes versions that nothing needs any more, and what only they needed. Under the root's lock; safe to be killed and repeated.
 *
 * Kept are the versions that any instance's current generation, the ones to go back to, or the one that waits name, that a manual or
 * pinned snapshot names, that alone can read abandoned data, and that a process uses. Where something cannot be read, nobody knows
 * what it names, and everything stays. A version's record goes first, so a kill leaves a tree that does not exist for anybody,
 * and that the next cleanup removes. Records of generations always stay. No link is ever followed (S20).
 */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, namesIn, removeTree, syncFolder } from '../../disk/atomic.ts';
import { Failed } from '../../model/failure.ts';
import { versionName, type Generation } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import { listSnapshots } from '../../store/records.ts';
import { signedTime } from '../checks/signed-time.ts';
import { listEpochs } from '../epoch/record.ts';
import { removeUnnamed, tidySnapshots, versionsOfSnapshots } from '../epoch/snapshot/keep.ts';
import { retireEpochs } from '../epoch/snapshot/retire.ts';
import type { Ground } from '../epoch/snapshot/take.ts';
import { currentGeneration, listGenerations, readGeneration, stagedGeneration } from '../generations.ts';
import { listInstances } from '../instances.ts';
import type { Instance, Layout } from '../layout.ts';
import { versionsInUse } from './running.ts';

/** What a cleanup removed: names below `versions/`, and how many objects. */
export interface Cleaned {
  readonly versions: readonly string[];
  readonly objects: number;
}

/** Removes the versions and objects that nothing needs, if the instance's current generation is good; else nothing. */
export async function cleanUp({ layout, instance }: Pick<Ground, 'layout' | 'instance'>): Promise<Cleaned> {
  const kept = await keptVersions(layout, instance);
  if (kept === null) return { versions: [], objects: 0 };
  const names = new Set((await namesIn(layout.versions)).map(nameOf).filter((name) => name !== null));
  const unneeded = [...names].filter((name) => !kept.has(name));
  const inUse = unneeded.length === 0 ? new Set<string>() : await versionsInUse(layout);
  const versions = unneeded.filter((name) => !inUse.has(name));
  for (const name of versions) await removeVersion(layout, name);
  await forgetManifests(
    layout,
    [...names].filter((name) => !versions.includes(name)),
  );
  return { versions, objects: await removeUnnamed(layout) };
}

/** After a generation became good: the epochs that were left become snapshots, snapshots beyond their number or time go, then all else that nothing needs. */
export async function cleanUpAfterGood(ground: Ground, job: Job): Promise<Cleaned> {
  await retireEpochs(ground, job);
  await tidySnapshots({ keep: null, signedNow: () => signedTime(ground.layout) }, ground);
  return cleanUp(ground);
}

/** Generations of one instance, oldest first, of which some are still needed; `abandoned` are the data versions of epochs that were taken back, by the generation that they were made for. */
export interface History {
  readonly all: readonly Generation[];
  readonly current: Generation;
  readonly staged: Generation | null;
  readonly abandoned: ReadonlyMap<number, number>;
}

/** The generations whose versions an instance still needs. While the current one is not good that is every one of them. Pure. */
export function neededGenerations({ all, current, staged, abandoned }: History): readonly Generation[] {
  if (current.state !== 'good') return all;
  const others = all.filter(({ n, treeDigest }) => n < current.n && treeDigest !== current.treeDigest);
  const back = others.findLast(({ state }) => state === 'good');
  const isOnlyReader = ({ n }: Generation): boolean => (abandoned.get(n) ?? 0) > current.dataVersion;
  return all.filter((generation) => [current.n, current.previous, back?.n, staged?.n].includes(generation.n) || isOnlyReader(generation));
}

/** Null: nothing may be removed now. */
async function keptVersions(layout: Layout, instance: Instance): Promise<ReadonlySet<string> | null> {
  try {
    if ((await currentGeneration(instance))?.state !== 'good') return null;
    const instances = await listInstances(layout);
    const snapshots = (await Promise.all(instances.map((each) => listSnapshots(each.snapshots)))).flat();
    if (snapshots.some(({ kind }) => kind === 'damaged')) return null;
    const needed = (await Promise.all(instances.map(neededBy))).flat();
    return new Set([...needed, ...(await versionsOfSnapshots(layout))].map((each) => versionName(each.version, each.treeDigest)));
  } catch (error) {
    // A record that cannot be read may name anything.
    if (error instanceof Failed && (error.code === 'state/damaged' || error.code === 'state/newer')) return null;
    throw error;
  }
}

async function neededBy(instance: Instance): Promise<readonly Generation[]> {
  const all = await listGenerations(instance);
  const current = await currentGeneration(instance);
  if (current === null) return all;
  // Read once more by itself, since a list leaves out what cannot be read.
  if (current.previous !== null) await readGeneration(instance, current.previous);
  const epochs = (await listEpochs(instance)).filter(({ state }) => state === 'abandoned');
  const abandoned = new Map(epochs.map(({ generation, dataVersion }) => [generation, dataVersion]));
  return neededGenerations({ all, current, staged: await stagedGeneration(instance), abandoned });
}

/** The version that a name below `versions/` belongs to; null for what is none of ours. */
function nameOf(name: string): string | null {
  return /^(\d[0-9A-Za-z.+-]*-[0-9a-f]{8})(?:\.json|\.boot)?$/.exec(name)?.[1] ?? null;
}

async function removeVersion(layout: Layout, name: string): Promise<void> {
  await removeFile(join(layout.versions, `${name}.json`));
  await syncFolder(layout.versions);
  await removeTree(join(layout.versions, name));
  await removeFile(join(layout.versions, `${name}.boot`));
}

/** Manifests are as large as their trees are wide; those of versions that are gone can be had again with them. */
async function forgetManifests(layout: Layout, standing: readonly string[]): Promise<void> {
  const isOf = (name: string, versions: readonly string[]): boolean => versions.some((version) => version.endsWith(name.slice(0, 8)));
  const names = (await namesIn(layout.accepted)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name) && !isOf(name, standing));
  const describing = names.length === 0 ? [] : await versionsWithData(layout);
  for (const name of names.filter((each) => !isOf(each, describing))) await removeFile(join(layout.accepted, name));
}

/** The versions that worked last in an epoch which still stands: without their manifest nobody would know what of it to keep as a snapshot. */
async function versionsWithData(layout: Layout): Promise<readonly string[]> {
  const inInstance = async (instance: Instance): Promise<readonly Generation[]> => {
    const all = await listGenerations(instance);
    return (await listEpochs(instance)).flatMap(({ epoch }) => all.findLast((generation) => generation.epoch === epoch) ?? []);
  };
  const generations = (await Promise.all((await listInstances(layout)).map(inInstance))).flat();
  return generations.map(({ version, treeDigest }) => versionName(version, treeDigest));
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    // Gone already: a cleanup that was cut off came so far.
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}
