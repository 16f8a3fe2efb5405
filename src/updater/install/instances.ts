/** The instances of an installation, and which versions they hold on to. */
import { Failed } from '../model/failure.ts';
import { versionName, type Generation } from '../model/generation.ts';
import { nameSchema } from '../model/parse.ts';
import { namesIn } from '../disk/atomic.ts';
import { currentGeneration, listGenerations } from './generations.ts';
import { instanceOf, type Instance, type Layout } from './layout.ts';

/** Every instance below the root, by name; what bears no instance's name is none. */
export async function listInstances(layout: Layout): Promise<readonly Instance[]> {
  const names = await namesIn(layout.instances);
  return names.filter((name) => nameSchema.safeParse(name).success).map((name) => instanceOf(layout, name));
}

/** The folder names of all versions that some generation of some instance names. */
export async function heldVersions(layout: Layout): Promise<ReadonlySet<string>> {
  const generations = await Promise.all((await listInstances(layout)).map(listGenerations));
  return new Set(generations.flat().map(({ version, treeDigest }) => versionName(version, treeDigest)));
}

/** The folder names of the versions that instances run: none of these is ever built anew. Where a pointer cannot be read, everything its instance names counts. */
export async function runningVersions(layout: Layout): Promise<ReadonlySet<string>> {
  const generations = await Promise.all((await listInstances(layout)).map(runningOrAll));
  return new Set(generations.flat().map(({ version, treeDigest }) => versionName(version, treeDigest)));
}

async function runningOrAll(instance: Instance): Promise<readonly Generation[]> {
  try {
    const current = await currentGeneration(instance);
    return current === null ? [] : [current];
  } catch (error) {
    if (error instanceof Failed && error.code === 'state/damaged') return listGenerations(instance);
    throw error;
  }
}
