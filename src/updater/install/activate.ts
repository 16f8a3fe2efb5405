/**
 * The switch and the trial, each line one record on disk. What stands before the pointer can be thrown away, what stands after it can be repeated:
 *
 *   1. the generation's record stands as `staged` and its version is whole
 *   2. a version with a program gets an epoch of its own, a migrated clone; the record names it
 *   3. the pointer is renamed: from here on the new generation is what starts
 *   4. a version that is content only (no `entry`) has nothing to prove and becomes `good`; of any other one every try is
 *      counted (`trying`, one try less, synced) before its program starts
 *   5. forward: `good`. Back: the pointer first, then `bad` with the failure, then the epoch that was left is marked
 *
 * Current and `staged` means: switched to and not yet tried. Not current and `trying` means: taken back, and the kill came before
 * it could be written down; `settleTrials` does that.
 */
import type { Lock } from '../disk/lock.ts';
import { Failed, type Failure } from '../model/failure.ts';
import type { Generation } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import { timeText } from '../model/parse.ts';
import { abandonEpoch, epochToClone, makeEpoch, type Epoch } from './epoch/epochs.ts';
import { readEpoch } from './epoch/record.ts';
import { currentGeneration, listGenerations, pointTo, writeGeneration } from './generations.ts';
import type { Instance, Layout } from './layout.ts';
import { findVersion, type Version } from './versions.ts';

/** What a switch needs besides the generation: where it happens, the instance's lock, the time, and, where it is not the running generation's, the epoch to begin with a clone of. */
export interface Switching {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly lock: Lock;
  readonly now: Date;
  readonly from?: Epoch;
}

/** Makes a staged generation the current one and returns its record as it then stands. Atomic: the pointer's rename. Throws `start/failed` when its data cannot be migrated. */
export async function activate(staged: Generation, switching: Switching, job: Job): Promise<Generation> {
  const version = await findVersion(switching.layout, staged.treeDigest);
  if (version === null) throw new Failed('switch/denied', `version ${staged.version} is not on this machine any more`);
  const ready = version.manifest.entry === null ? staged : await withEpoch(staged, { ...switching, version }, job);
  refuseLost(switching);
  await pointTo(switching.instance, ready);
  return settle(switching);
}

/** Finishes a switch that was cut off after its pointer: a current, staged generation without a program to try is good. Returns the current generation. */
export async function settle({ layout, instance, now }: Pick<Switching, 'layout' | 'instance' | 'now'>): Promise<Generation> {
  const current = await currentGeneration(instance);
  if (current === null) throw new Failed('start/nothing', `the instance ${instance.name} has nothing installed`);
  if (current.state !== 'staged') return current;
  const version = await findVersion(layout, current.treeDigest);
  if (version === null || version.manifest.entry !== null) return current;
  return confirm(current, { instance, now });
}

/** Counts a try, durably, before the program starts, and returns the record. Atomic. */
export async function countTry(generation: Generation, { instance, now }: Pick<Switching, 'instance' | 'now'>): Promise<Generation> {
  const triesLeft = Math.max(0, generation.triesLeft - 1);
  return write(instance, { ...generation, state: 'trying', triesLeft, startedAt: timeText(now), failure: null });
}

/** Gives a try back that said nothing about the program. Atomic. */
export async function giveTryBack(generation: Generation, { instance }: Pick<Switching, 'instance'>): Promise<Generation> {
  return write(instance, { ...generation, triesLeft: generation.triesLeft + 1 });
}

/** Notes that a generation has proven itself. Atomic. */
export async function confirm(generation: Generation, { instance, now }: Pick<Switching, 'instance' | 'now'>): Promise<Generation> {
  return write(instance, { ...generation, state: 'good', confirmedAt: timeText(now), failure: null });
}

/** Notes that a generation is bad: one that was taken back, or was never switched to; the epoch it had to itself is marked. Not atomic: safe to repeat. */
export async function condemn(bad: Generation, failure: Failure, { instance }: Pick<Switching, 'instance'>): Promise<Generation> {
  const condemned = await write(instance, { ...bad, state: 'bad', failure });
  const isCurrent = (await currentGeneration(instance))?.n === bad.n;
  const isShared = (await listGenerations(instance)).some(({ n, epoch }) => n !== bad.n && epoch === bad.epoch);
  if (!isCurrent && !isShared) await abandonEpoch(instance, bad.epoch);
  return condemned;
}

/** Makes `to` current again in place of a generation that failed: the pointer first, then `bad`. */
export async function takeBack(bad: Generation, way: { to: Generation; failure: Failure }, switching: Switching): Promise<void> {
  refuseLost(switching);
  await pointTo(switching.instance, way.to);
  await condemn(bad, way.failure, switching);
}

/** Finishes what was cut off between a pointer that went back and its reason: whatever is `trying` and not current is `bad`. Called under the instance's lock. */
export async function settleTrials({ instance }: Pick<Switching, 'instance'>): Promise<void> {
  const current = await currentGeneration(instance);
  const left = (await listGenerations(instance)).filter(({ n, state }) => state === 'trying' && n !== current?.n);
  const { failure } = new Failed('start/failed', 'its trial was left without a verdict');
  for (const generation of left) await condemn(generation, failure, { instance });
}

/** The new generation never works on the data of the running one: the clone is made now, from what the running one left. */
async function withEpoch(staged: Generation, made: Switching & { readonly version: Version }, job: Job): Promise<Generation> {
  if (await hasOwnEpoch(staged, made)) return staged;
  const from = made.from ?? (await epochToClone(staged, await currentGeneration(made.instance), made.instance));
  const { epoch, dataVersion } = await makeEpoch({ ...made, from, generation: staged.n, why: staged.why }, job);
  return write(made.instance, { ...staged, epoch, dataVersion });
}

/** What a snapshot was unpacked into for this very generation is nobody else's: there is nothing to keep apart. */
async function hasOwnEpoch(staged: Generation, { instance, version }: Switching & { readonly version: Version }): Promise<boolean> {
  const named = await readEpoch(instance, staged.epoch);
  const isUnpacked = named?.from === null && (named.why === 'restore' || named.why === 'rollback');
  const isOwn = isUnpacked && named.why === staged.why && named.generation === staged.n && named.state === 'live';
  return isOwn && named.dataVersion === version.manifest.dataVersion;
}

function refuseLost({ lock, instance }: Switching): void {
  if (!lock.stillHeld()) throw new Failed('disk/busy', `another process took over the instance ${instance.name}`);
}

async function write(instance: Instance, generation: Generation): Promise<Generation> {
  await writeGeneration(instance, generation);
  return generation;
}
