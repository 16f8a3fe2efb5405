/** What is on this machine already, verified before anything relies on it. */
import { compareTree, type TreeDifference } from '../disk/scan.ts';
import type { Layout } from '../install/layout.ts';
import { findVersion, type Version } from '../install/versions.ts';
import type { Generation } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Tree } from '../model/tree.ts';
import type { Found } from './check.ts';
import { middlesToAsk, type Have, type RouteKind } from './plan.ts';

/** A tree on disk that content may be taken from. */
export interface Ground {
  readonly folder: string;
  readonly tree: Tree;
}

/** What the planner and the builder may count on. */
export interface Stock {
  readonly have: Have;
  readonly ground: Ground | null;
}

interface Sources {
  readonly running: Generation | null;
  readonly layout: Layout;
  readonly found: Found;
  readonly ruledOut: readonly RouteKind[];
  /** Take what stands for whole, unread: for an answer to 'what would it cost', never for building. */
  readonly isGuess: boolean;
}

/** Verifies the running version file by file, unless only a guess is wanted, and asks what else could lead to `target`. Damaged files are not counted on for anything. */
export async function takeStock(target: Manifest, from: Sources, job: Job): Promise<Stock> {
  const version = from.running === null ? null : await findVersion(from.layout, from.running.treeDigest);
  const ground =
    version === null ? null : from.isGuess ? { folder: version.folder, tree: version.manifest.tree } : await groundOf(version, job);
  const treeDigest = version?.record.treeDigest ?? null;
  const asked = await Promise.all(middlesToAsk(target, treeDigest, from.ruledOut).map(({ fromTree }) => from.found.middle(fromTree)));
  const standing = await findVersion(from.layout, target.tree.digest);
  const have: Have = {
    treeDigest,
    files: ground?.tree.files ?? [],
    damaged: ground !== null && ground.tree.files.length < (version?.manifest.tree.files.length ?? 0),
    present: standing !== null && (from.isGuess || isSame(await compareTree(standing.folder, standing.manifest.tree, job))),
    middles: asked.filter((middle) => middle !== null),
  };
  return { have, ground };
}

/** Whether a tree on disk is exactly the expected one. */
export function isSame({ missing, extra, changed }: TreeDifference): boolean {
  return missing.length + extra.length + changed.length === 0;
}

async function groundOf(version: Version, job: Job): Promise<Ground> {
  const { tree } = version.manifest;
  const difference = await compareTree(version.folder, tree, job);
  const bad = new Set([...difference.missing, ...difference.changed.map(({ path }) => path)]);
  return { folder: version.folder, tree: { files: tree.files.filter(({ path }) => !bad.has(path)), links: tree.links } };
}
