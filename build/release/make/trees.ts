/**
 * Trees of versions that the release tool has at hand: `<cache>/trees/<treeDigest>/`, each exactly the tree of its name when
 * it was last used. A folder is built beside and renamed; it may be thrown away at any time, a damaged one is built again.
 */
import { mkdir, mkdtemp, rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, namesIn, removeTree } from '../../../src/updater/disk/atomic.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { compareTree } from '../../../src/updater/disk/scan.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Tree } from '../../../src/updater/model/tree.ts';

/** Fills an empty folder with a tree, verified, or throws. */
export type Fill = (folder: string) => Promise<void>;

/** Returns a folder with exactly this tree: the kept one if it is still right, else a new one. */
export async function keptTree(what: { cache: string; tree: Tree }, fill: Fill, job: Job): Promise<string> {
  const folder = join(what.cache, 'trees', treeDigest(what.tree));
  if (!(await isRight(folder, what.tree, job))) return freshTree(what, fill);
  const now = new Date();
  await utimes(folder, now, now);
  return folder;
}

/** The same, always filled anew, so that it also proves that `fill` can do it. */
export async function freshTree(what: { cache: string; tree: Tree }, fill: Fill): Promise<string> {
  const folder = join(what.cache, 'trees', treeDigest(what.tree));
  return inWorkFolder(what.cache, async (building) => {
    await fill(building);
    await removeTree(folder);
    await rename(building, folder);
    return folder;
  });
}

/** Runs `use` with an empty folder of the cache that is gone afterwards. */
export async function inWorkFolder<T>(cache: string, use: (folder: string) => Promise<T>): Promise<T> {
  const trees = join(cache, 'trees');
  await mkdir(trees, { recursive: true });
  const folder = await mkdtemp(join(trees, '.building-'));
  try {
    return await use(folder);
  } finally {
    await removeTree(folder);
  }
}

/** Throws away all but the `keep` trees that were used last, and with them in time what killed runs left. */
export async function forgetTrees(cache: string, keep: number): Promise<void> {
  const trees = join(cache, 'trees');
  const entries = await Promise.all(
    (await namesIn(trees)).map(async (name) => ({ path: join(trees, name), usedAt: (await stat(join(trees, name))).mtimeMs })),
  );
  const old = entries.toSorted((a, b) => b.usedAt - a.usedAt).slice(keep);
  for (const { path } of old) await removeTree(path);
}

async function isRight(folder: string, tree: Tree, job: Job): Promise<boolean> {
  try {
    const { missing, extra, changed } = await compareTree(folder, tree, job);
    return missing.length + extra.length + changed.length === 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
