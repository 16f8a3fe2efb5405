/** What a start finds on disk. A pointer that was lost or damaged is written anew, so that whatever whole version there is can start. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord } from '../../updater/disk/atomic.ts';
import { currentGeneration, listGenerations, pointTo, stagedGeneration } from '../../updater/install/generations.ts';
import type { Instance, Layout } from '../../updater/install/layout.ts';
import { findVersion } from '../../updater/install/versions.ts';
import { failureOf, type Failure } from '../../updater/model/failure.ts';
import { parsePointer, type Generation } from '../../updater/model/generation.ts';
import { wayBack, type Candidate } from './decide.ts';

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

/** Reads the generations and looks which of their versions stand. */
export async function look({ layout, instance }: Place): Promise<Found> {
  const all = await candidatesIn({ layout, instance });
  const [current, staged] = [await currentGeneration(instance), await stagedGeneration(instance)];
  const candidateOf = (wanted: Generation | null): Candidate | null => all.find(({ generation }) => generation.n === wanted?.n) ?? null;
  return { current: candidateOf(current), staged: candidateOf(staged), previous: current === null ? null : wayBack(current, all) };
}

/** Points at the best generation there is when the pointer, or the record it names, is gone or cannot be read; returns what was wrong, null when nothing was. Atomic. */
export async function recoverPointer(place: Place): Promise<Failure | null> {
  const problem = await problemOf(place.instance);
  if (problem === null) return null;
  const best = bestOf(await candidatesIn(place));
  if (best !== null) await pointTo(place.instance, best);
  return problem;
}

async function problemOf(instance: Instance): Promise<Failure | null> {
  try {
    if ((await currentGeneration(instance)) !== null) return null;
  } catch (error) {
    // The question itself: a damaged pointer is what is looked for.
    const failure = failureOf(error);
    if (failure.code === 'state/damaged') return failure;
    throw error;
  }
  const pointer = await readRecord(instance.pointer, parsePointer);
  const wasStarted = (await listGenerations(instance)).some(({ state }) => state !== 'staged');
  return pointer === null && wasStarted ? { code: 'state/damaged', detail: 'current.json is gone', retry: 'changed' } : null;
}

/** The newest that has proven itself; else the newest that was not found bad; else the newest. */
function bestOf(all: readonly Candidate[]): Generation | null {
  const whole = all.filter(({ isWhole }) => isWhole).map(({ generation }) => generation);
  return whole.findLast(({ state }) => state === 'good') ?? whole.findLast(({ state }) => state !== 'bad') ?? whole.at(-1) ?? null;
}

async function candidatesIn({ layout, instance }: Place): Promise<readonly Candidate[]> {
  const all = await listGenerations(instance);
  return Promise.all(all.map(async (generation) => ({ generation, isWhole: await isWhole(layout, generation) })));
}

/** Whether a version has a readable record and manifest, and its program is there. Every file was hashed when it was built. */
async function isWhole(layout: Layout, generation: Generation): Promise<boolean> {
  const version = await findVersion(layout, generation.treeDigest);
  if (version === null) return false;
  const program = join(version.folder, version.manifest.entry?.program ?? '.');
  return access(program, constants.F_OK).then(
    () => true,
    () => false,
  );
}
