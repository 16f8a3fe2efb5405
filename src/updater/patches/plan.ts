/** What a patch means for the tree at hand: pure decisions, made before anything is fetched or written. */
import { sha256Hex, treeDigest } from '../disk/hash.ts';
import { Failed } from '../model/failure.ts';
import type { BuiltEntry, PatchEntry, PatchHeader } from '../model/patch.ts';
import { comparePaths, treeProblem, type Tree, type TreeFile } from '../model/tree.ts';
import { distinctResults } from './consistent.ts';
import { contentsOf } from './container.ts';

/** How every file of a tree comes to be: `clones` from the old tree, `rebuilds` out of the patch, `copies` of what was rebuilt. */
export interface BuildPlan {
  readonly clones: readonly { readonly from: string; readonly file: TreeFile }[];
  readonly rebuilds: readonly { readonly entry: BuiltEntry; readonly from: TreeFile | null; readonly file: TreeFile }[];
  readonly copies: readonly { readonly from: string; readonly file: TreeFile }[];
}

/**
 * Plans every file of `expected`, from the old tree where its content is there, else out of the patch. Throws `build/base` when the
 * patch begins with another tree, `build/invalid` when it does not end in `expected`.
 */
export function planBuild(header: PatchHeader, old: Tree | null, expected: Tree): BuildPlan {
  requireLeadsTo(header, old, expected);
  const contents = contentsOf(old);
  const recipes = new Map(distinctResults(header.entries).map((entry) => [entry.sha256To, entry]));
  const built = new Map<string, string>();
  const plan = { clones: new Array<Placed>(), rebuilds: new Array<BuildPlan['rebuilds'][number]>(), copies: new Array<Placed>() };
  for (const file of expected.files) {
    const kept = contents.get(file.sha256);
    const rebuilt = built.get(file.sha256);
    if (kept !== undefined) plan.clones.push({ from: kept.path, file });
    else if (rebuilt !== undefined) plan.copies.push({ from: rebuilt, file });
    else {
      const entry = recipes.get(file.sha256);
      if (entry === undefined || entry.size !== file.size) throw new Failed('build/invalid', `the patch does not hold ${file.path}`);
      plan.rebuilds.push({ entry, from: entry.op === 'patch' ? requireContent(contents, entry.sha256From) : null, file });
      built.set(file.sha256, file.path);
    }
  }
  return plan;
}

type Placed = BuildPlan['clones'][number];

/** Returns the tree that a patch makes of `base`; throws `build/base` when that is not the tree the patch begins with, `build/invalid` for an entry that does not fit it. */
export function resultTree(header: PatchHeader, base: Tree): Tree {
  if (treeDigest(base) !== header.fromChecksum) throw new Failed('build/base', 'the patch begins with another tree');
  const olds = new Map(base.files.map((file) => [file.path, file]));
  const files = new Map(olds);
  for (const entry of header.entries) applyEntry(entry, olds, files);
  const sorted = [...files.values()].toSorted((a, b) => comparePaths(a.path, b.path));
  const tree = { files: sorted, links: header.links.toSorted((a, b) => comparePaths(a.path, b.path)) };
  const problem = treeProblem(tree);
  if (problem !== null) throw new Failed('build/invalid', `the patch makes no tree: ${problem}`);
  if (treeDigest(tree) !== header.toChecksum) throw new Failed('build/invalid', 'the patch does not lead to the tree that it names');
  return tree;
}

function applyEntry(entry: PatchEntry, olds: ReadonlyMap<string, TreeFile>, files: Map<string, TreeFile>): void {
  if (entry.op === 'delete') requireOld(olds, entry.path, entry.sha256From);
  if (entry.op === 'move' || entry.op === 'patch') requireOld(olds, entry.from, entry.sha256From);
  if (entry.op === 'move' && entry.sha256From !== entry.sha256To) throw new Failed('build/invalid', `${entry.path} moves and changes`);
  const { path } = entry;
  if (entry.op === 'delete') files.delete(path);
  else files.set(path, { path, size: entry.size, sha256: entry.sha256To, mode: entry.mode, part: entry.part });
}

function requireOld(olds: ReadonlyMap<string, TreeFile>, path: string, sha256: string): void {
  if (olds.get(path)?.sha256 !== sha256)
    throw new Failed('build/invalid', `an entry begins with ${path}, which the old tree does not have`);
}

/** A patch that begins with nothing fits every old tree: what is there already is only not taken from the patch. */
function requireLeadsTo(header: PatchHeader, old: Tree | null, expected: Tree): void {
  if (treeDigest(expected) !== header.toChecksum) throw new Failed('build/invalid', 'the patch leads to another tree');
  const fromNothing = header.fromChecksum === sha256Hex('');
  resultTree(header, fromNothing || old === null ? { files: [], links: [] } : old);
}

function requireContent(contents: ReadonlyMap<string, TreeFile>, sha256: string): TreeFile {
  const file = contents.get(sha256);
  if (file === undefined) throw new Failed('build/base', 'a file that the patch begins with is not there');
  return file;
}
