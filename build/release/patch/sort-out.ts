/** What happens to each file on the way from one tree to another: pure, apart from looking at files that may have been renamed. */
import type { Job } from '../../../src/updater/model/job.ts';
import type { Tree, TreeFile } from '../../../src/updater/model/tree.ts';
import type { FilePair } from './compare/diff.ts';
import { similarFiles } from './compare/pair.ts';

/** A tree in its folder. */
export interface TreeFolder {
  readonly folder: string;
  readonly tree: Tree;
}

/** Old files that go, new ones whose bytes the old tree has, and new contents (one file for each) with what they may be made from. */
export interface Changes {
  readonly deletes: readonly TreeFile[];
  readonly moves: readonly FilePair[];
  readonly contents: readonly { readonly file: TreeFile; readonly before: TreeFile | null }[];
}

// Above this bsdiff takes more than 4 GB of memory; a file that grew twenty-fold has little to take from the old one.
const largestDiffed = 256 * 1024 ** 2;
const largestRatio = 20;

/** Sorts the files of a new tree; files that stay as they are appear nowhere. */
export async function sortOut(before: TreeFolder | null, after: TreeFolder, job: Job): Promise<Changes> {
  const olds = new Map((before?.tree.files ?? []).map((file) => [file.path, file]));
  const oldContents = firstByContent([...olds.values()]);
  const changed = after.tree.files.filter((file) => !isKept(olds.get(file.path), file));
  const moves = changed.flatMap((file) => {
    const same = olds.get(file.path)?.sha256 === file.sha256 ? olds.get(file.path) : oldContents.get(file.sha256);
    return same === undefined ? [] : [{ before: same, after: file }];
  });
  const fresh = [...firstByContent(changed.filter((file) => !oldContents.has(file.sha256))).values()];
  const paths = new Set(after.tree.files.map(({ path }) => path));
  const deletes = [...olds.values()].filter(({ path }) => !paths.has(path));
  const nameless = fresh.filter((file) => !olds.has(file.path));
  const similar = await similarFiles(
    { folder: before?.folder ?? '', files: nameless.length === 0 ? [] : deletes },
    { folder: after.folder, files: nameless },
    job,
  );
  const contents = fresh.map((file) => ({ file, before: worthDiffing(olds.get(file.path) ?? similar.get(file.path), file) }));
  return { deletes, moves, contents };
}

function isKept(old: TreeFile | undefined, file: TreeFile): boolean {
  return old !== undefined && old.sha256 === file.sha256 && old.mode === file.mode && old.part === file.part;
}

/** In the order of the files. */
function firstByContent(files: readonly TreeFile[]): ReadonlyMap<string, TreeFile> {
  const first = new Map<string, TreeFile>();
  for (const file of files) if (!first.has(file.sha256)) first.set(file.sha256, file);
  return first;
}

function worthDiffing(before: TreeFile | undefined, after: TreeFile): TreeFile | null {
  if (before === undefined || Math.min(before.size, after.size) === 0) return null;
  if (Math.max(before.size, after.size) > largestDiffed || after.size > largestRatio * before.size) return null;
  return before;
}
