/**
 * What runs when nothing on disk says so any more: a pointer that is gone, damaged or points nowhere, a record that is lost or was
 * written by a newer program.
 *
 * Nothing is removed: what cannot be read stays where it is, but for a damaged record that is written anew. An epoch's own record
 * says which generation it was made for, so data that was written under a lost record is found again, and handed to a
 * version of exactly its data version only. What was made anew is `staged`: it has to prove itself.
 */
import { mkdir } from 'node:fs/promises';
import { namesIn, readRecord } from '../../disk/atomic.ts';
import { Failed, failureOf, type Failure } from '../../model/failure.ts';
import { parsePointer, type Generation } from '../../model/generation.ts';
import type { Manifest } from '../../model/manifest.ts';
import { timeText } from '../../model/parse.ts';
import { ensureEpoch, listEpochs, type EpochRecord } from '../epoch/record.ts';
import { currentGeneration, listGenerations, nextGenerationNumber, pointTo, writeGeneration } from '../generations.ts';
import { listInstances } from '../instances.ts';
import type { Instance, Layout } from '../layout.ts';
import { findVersion, listVersions } from '../versions.ts';

/** What was lost (`n`: the generation that the pointer names, null when it names none) and what is left; versions and generations are those that stand on this machine, oldest first. */
export interface Remains {
  readonly lost: { readonly n: number | null; readonly failure: Failure };
  readonly generations: readonly Generation[];
  readonly versions: readonly Manifest[];
  readonly epochs: readonly EpochRecord[];
  readonly nextNumber: number;
}

/** Points at a generation that is known, or writes one anew; `epoch` null: there is no data that the version is sure to read. */
export type Recovery =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'point'; readonly to: Generation }
  | {
      readonly kind: 'rebuild';
      readonly n: number;
      readonly version: Manifest;
      readonly epoch: EpochRecord | null;
      readonly previous: number | null;
    };

/** Decides what to run: the generation that was lost, if its data and a version for it are there; else the newest known one that is not bad; else any version. Pure. */
export function planRecovery(remains: Remains): Recovery {
  const { generations, lost, versions, epochs, nextNumber } = remains;
  const proven = generations.findLast(({ state }) => state === 'good') ?? null;
  const found = lost.n === null || lost.failure.code === 'state/newer' ? null : dataOf(lost.n, remains);
  if (lost.n !== null && found !== null) return { kind: 'rebuild', n: lost.n, ...found, previous: proven?.n ?? null };
  const known = proven ?? generations.findLast(({ state }) => state !== 'bad') ?? generations.at(-1);
  if (known !== undefined) return { kind: 'point', to: known };
  const pairs = versions.toReversed().map((version) => ({ version, epoch: newestEpoch(epochs, version.dataVersion) }));
  const [best] = [...pairs.filter(({ epoch }) => epoch !== null), ...pairs];
  return best === undefined ? { kind: 'nothing' } : { kind: 'rebuild', n: nextNumber, ...best, previous: null };
}

/** What a recovery needs to know: where, and the time for a record. */
export interface Place {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly now: Date;
}

/** Makes the pointer name a generation again that can run; returns what was wrong, or null when nothing was. Called under the instance's lock; safe to repeat. */
export async function recoverPointer(place: Place): Promise<Failure | null> {
  const { instance } = place;
  const lost = await lostIn(place);
  if (lost === null) return null;
  const remains = await remainsOf(lost, place);
  const plan = planRecovery(remains);
  switch (plan.kind) {
    case 'nothing':
      return lost.failure;
    case 'point':
      await pointTo(instance, plan.to);
      return lost.failure;
    case 'rebuild':
      await pointTo(instance, await rebuild(plan, remains, place));
      return lost.failure;
  }
}

function dataOf(n: number, { epochs, versions, generations }: Remains): { version: Manifest; epoch: EpochRecord } | null {
  const epoch = epochs.findLast(({ generation, state }) => generation === n && state === 'live');
  const fitting = versions.filter(({ dataVersion }) => dataVersion === epoch?.dataVersion);
  // Every other generation is known, so the version that none of them names was the lost one's.
  const unnamed = fitting.filter(({ tree }) => !generations.some(({ treeDigest }) => treeDigest === tree.digest));
  const proven = generations.findLast(
    ({ state, treeDigest }) => state === 'good' && fitting.some(({ tree }) => tree.digest === treeDigest),
  );
  const version = unnamed.at(-1) ?? fitting.find(({ tree }) => tree.digest === proven?.treeDigest);
  return epoch === undefined || version === undefined ? null : { version, epoch };
}

function newestEpoch(epochs: readonly EpochRecord[], dataVersion: number): EpochRecord | null {
  return epochs.findLast((epoch) => epoch.dataVersion === dataVersion && epoch.state === 'live') ?? null;
}

/** The pointer's trouble, or null: what names a readable record is fine, and so is an instance in which nothing ever ran. */
async function lostIn({ layout, instance }: Place): Promise<Remains['lost'] | null> {
  const n = await pointedAt(instance);
  try {
    if ((await currentGeneration(instance)) !== null) return null;
  } catch (error) {
    // The question itself: this is what is looked for.
    const failure = failureOf(error);
    if (failure.code === 'state/damaged' || failure.code === 'state/newer') return { n, failure };
    throw error;
  }
  const generations = await listGenerations(instance);
  const ran = generations.some(({ state }) => state !== 'staged') || (generations.length === 0 && (await lostEverything(layout, instance)));
  return ran ? { n: null, failure: new Failed('state/damaged', 'current.json is gone').failure } : null;
}

/** Whether there was once more than an instance without records: data, or versions that no instance runs. */
async function lostEverything(layout: Layout, instance: Instance): Promise<boolean> {
  if ((await listEpochs(instance)).length > 0) return true;
  const others = await Promise.all((await listInstances(layout)).map(({ folder }) => namesIn(folder)));
  return !others.some((names) => names.includes('current.json')) && (await listVersions(layout)).length > 0;
}

async function pointedAt(instance: Instance): Promise<number | null> {
  try {
    return (await readRecord(instance.pointer, parsePointer))?.generation ?? null;
  } catch (error) {
    // A pointer that cannot be read names nothing.
    if (error instanceof Failed) return null;
    throw error;
  }
}

async function remainsOf(lost: Remains['lost'], { layout, instance }: Place): Promise<Remains> {
  const records = (await listVersions(layout)).toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  const found = await Promise.all(records.map(({ treeDigest }) => findVersion(layout, treeDigest)));
  const versions = found.filter((version) => version !== null).map(({ manifest }) => manifest);
  const generations = (await listGenerations(instance)).filter(({ treeDigest }) => versions.some(({ tree }) => tree.digest === treeDigest));
  return { lost, versions, generations, epochs: await listEpochs(instance), nextNumber: await nextGenerationNumber(instance) };
}

type Rebuilding = Extract<Recovery, { kind: 'rebuild' }>;

/** Writes the record, and the empty epoch of one that has none. */
async function rebuild({ n, version, epoch, previous }: Rebuilding, { epochs }: Remains, { instance, now }: Place): Promise<Generation> {
  const createdAt = timeText(now);
  const { dataVersion } = version;
  const number = epoch?.epoch ?? Math.max(0, ...epochs.map((each) => each.epoch)) + 1;
  await ensureEpoch(instance, { epoch: number, dataVersion, from: null, generation: n, why: 'repair', createdAt, state: 'live' });
  const generation: Generation = {
    n,
    version: version.version,
    treeDigest: version.tree.digest,
    evolutions: {},
    epoch: number,
    dataVersion,
    state: 'staged',
    triesLeft: version.health.tries,
    previous,
    why: 'repair',
    data: 'clone',
    createdAt,
    startedAt: null,
    confirmedAt: null,
    failure: null,
  };
  await mkdir(instance.generations, { recursive: true });
  await writeGeneration(instance, generation);
  return generation;
}
