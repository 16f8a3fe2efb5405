/**
 * Making files of a new tree: runs in worker threads when there is much of it, else where it is called.
 *
 * Every byte that is written is hashed on its way, and a file counts only when its digest is the expected one.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { CloneWay } from '../../disk/clone.ts';
import type { TreeFile } from '../../model/tree.ts';
import { Body } from '../body.ts';
import type { Recipe } from '../forms/pieces.ts';
import { makeClone } from './clone.ts';
import { makeRebuild } from './rebuild.ts';

/** A file that is taken unchanged from `from` (an absolute path). */
export interface Clone {
  readonly kind: 'clone';
  readonly from: string;
  readonly file: TreeFile;
}

/** A file that is made from a recipe, and from the old file at the absolute path `from` where the recipe takes ranges of one. */
export interface Rebuild {
  readonly kind: 'rebuild';
  readonly from: { readonly path: string; readonly size: number; readonly sha256: string } | null;
  readonly recipe: Recipe;
  readonly file: TreeFile;
}

/** Some files of the tree in the folder `to`, with the patch file that recipes refer to. */
export interface BuildTask {
  readonly to: string;
  readonly body: string;
  readonly files: readonly (Clone | Rebuild)[];
}

/** Hears of every piece that is written, in bytes; may throw to stop. */
export type Done = (bytes: number) => void;

/** What the files of one task share: where they go, how the last one was cloned, and the folders that are known to be none but ours. */
export interface Site {
  readonly to: string;
  readonly folders: Set<string>;
  way: CloneWay;
}

/**
 * Makes and syncs the files of one task. What was written of a file that failed stays behind. Throws `build/invalid`,
 * `build/base`, `build/hash`, `disk/unsafe`.
 */
export async function work(task: BuildTask, done: Done): Promise<null> {
  await using patch = await open(task.body, constants.O_RDONLY | constants.O_NOFOLLOW);
  using body = new Body(patch.fd);
  const site: Site = { to: task.to, folders: new Set(), way: 'reflink' };
  for (const file of task.files) {
    if (file.kind === 'clone') await makeClone(file, site, done);
    else await makeRebuild(file, { to: task.to, body }, done);
  }
  return null;
}
