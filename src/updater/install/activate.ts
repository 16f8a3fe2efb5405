/**
 * The switch. Everything before it can be thrown away, everything after it can be repeated:
 *
 *   1. the generation's record stands as `staged` and its version is whole
 *   2. the pointer is renamed: from here on the new generation is what starts
 *   3. a version that is content only (no `entry`) has nothing to prove and becomes `good`
 *
 * A kill between 2 and 3 leaves a current generation that is still `staged`; `settle` does 3 at the next command.
 */
import type { Lock } from '../disk/lock.ts';
import { Failed } from '../model/failure.ts';
import type { Generation } from '../model/generation.ts';
import { timeText } from '../model/parse.ts';
import { currentGeneration, pointTo, writeGeneration } from './generations.ts';
import type { Instance, Layout } from './layout.ts';
import { findVersion } from './versions.ts';

/** What a switch needs besides the generation: where it happens, the instance's lock, and the time. */
export interface Switching {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly lock: Lock;
  readonly now: Date;
}

/** Makes a staged generation the current one and returns its record as it then stands. Atomic: the pointer's rename. */
export async function activate(staged: Generation, switching: Switching): Promise<Generation> {
  const version = await findVersion(switching.layout, staged.treeDigest);
  if (version === null) throw new Failed('switch/denied', `version ${staged.version} is not on this machine any more`);
  if (!switching.lock.stillHeld()) throw new Failed('disk/busy', 'another process took over this instance');
  await pointTo(switching.instance, staged);
  return settle(switching);
}

/** Finishes a switch that was cut off after its pointer: a current, staged generation without a program to try is good. Returns the current generation. */
export async function settle({ layout, instance, now }: Omit<Switching, 'lock'>): Promise<Generation> {
  const current = await currentGeneration(instance);
  if (current === null) throw new Failed('start/nothing', `the instance ${instance.name} has nothing installed`);
  if (current.state !== 'staged') return current;
  const version = await findVersion(layout, current.treeDigest);
  if (version === null || version.manifest.entry !== null) return current;
  const good: Generation = { ...current, state: 'good', confirmedAt: timeText(now) };
  await writeGeneration(instance, good);
  return good;
}
