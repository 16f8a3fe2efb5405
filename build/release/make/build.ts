/**
 * From a folder to a release that only waits for its publication: scan, full package, patches from older versions, manifest.
 *
 * Everything gets its final name, the record of the built release comes last; no signed metadata names any of it yet. The same
 * tree, description, older versions and tool give the same bytes.
 */
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Package, PatchPackage } from '../../../src/updater/model/manifest.ts';
import type { ReleaseList } from '../../../src/updater/model/offers.ts';
import { pathProblem, treeProblem, type Tree } from '../../../src/updater/model/tree.ts';
import type { Keys } from '../metadata/keys.ts';
import { newestOf } from '../publish/documents.ts';
import { readDocuments } from '../publish/published.ts';
import { readManifest, stage, type Staged } from '../publish/staging.ts';
import { toolVersion } from '../server/version.ts';
import { readApplication, type Application } from './application.ts';
import { chooseBases } from './bases.ts';
import { composeManifest } from './manifest.ts';
import { descriptionOf, workshopOf, type BuildOptions } from './options.ts';
import { makeFull, makeStep, publishedTree, type VersionTree, type Workshop } from './packages.ts';
import { originOf, type Origin } from './origin/provenance.ts';
import { forgetTrees } from './trees.ts';

/** How many trees of older versions stay in the cache: all that the next build can need, and the new one. */
const treesKept = 12;

/** Who signs, which environment may tell SOURCE_DATE_EPOCH, and who hears what is being done. */
export interface BuildTools {
  readonly keys: Keys;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly tell?: (line: string) => void;
}

/** A release as it was built; `dropped` are the versions whose patch would have been over half the full package. */
export interface Built {
  readonly staged: Staged;
  readonly full: Package;
  readonly patches: readonly PatchPackage[];
  readonly dropped: readonly string[];
}

/** Builds a release and puts it beside what is published. Throws `usage/wrong`, `disk/unsafe` for a tree that clients would refuse, `build/…`. */
export async function buildRelease(options: BuildOptions, tools: BuildTools, job: Job): Promise<Built> {
  const shop = workshopOf(options, tools.keys);
  const list = (await readDocuments(options.repo)).lists.get(shop.target) ?? null;
  if (list?.releases.some(({ version }) => version === options.version) === true) {
    throw new Failed(
      'usage/wrong',
      `${options.version} is published for ${shop.target}: what is published never changes, take a higher version`,
    );
  }
  tools.tell?.(`reading ${options.tree}`);
  const { application, version } = await readVersion(options, job);
  const packages = await makePackages({ list, version, options }, { ...shop, tell: tools.tell ?? (() => undefined) }, job);
  const { full, patches, dropped } = packages;
  const origin = await originOfTree(options, { tree: version.tree, environment: tools.environment ?? process.env }, job);
  const previous = list === null ? null : (newestOf(list)?.version ?? null);
  const builder = `moult-release ${toolVersion()}, node ${process.version}, zstd level ${shop.level}`;
  const description = descriptionOf(options);
  const manifest = composeManifest({ description, application, origin, tree: version.tree, full, patches, previous, builder });
  const staged = await stage(options.repo, manifest);
  await forgetTrees(shop.cache, treesKept);
  return { staged, full, patches, dropped };
}

async function readVersion(options: BuildOptions, job: Job): Promise<{ application: Application; version: VersionTree }> {
  const scanned = await scanTree(options.tree, job);
  requirePortable(scanned);
  const { application, tree } = await readApplication(options.tree, scanned);
  return { application, version: { version: options.version, folder: options.tree, tree } };
}

/** Throws `disk/unsafe` for a tree that some client could not write, or would refuse (S15–S18). */
function requirePortable(tree: Tree): void {
  if (tree.files.length === 0) throw new Failed('usage/wrong', 'there are no files to release');
  for (const { path } of [...tree.files, ...tree.links]) {
    const problem = pathProblem(path);
    if (problem !== null) throw new Failed('disk/unsafe', `${JSON.stringify(path)}: ${problem}`);
  }
  const problem = treeProblem(tree);
  if (problem !== null) throw new Failed('disk/unsafe', `the tree cannot be released: ${problem}`);
}

interface Packages {
  readonly full: Package;
  readonly patches: readonly PatchPackage[];
  readonly dropped: readonly string[];
}

async function makePackages(
  what: { list: ReleaseList | null; version: VersionTree; options: BuildOptions },
  shop: Workshop & { readonly tell: (line: string) => void },
  job: Job,
): Promise<Packages> {
  const { list, version, options } = what;
  const published = list?.releases ?? [];
  const full = await fullPackage({ list, version }, shop, job);
  const patches: PatchPackage[] = [];
  const dropped: string[] = [];
  for (const entry of chooseBases(published, version.version, { count: options.patchesFrom ?? 5, also: options.alsoFrom ?? [] })) {
    shop.tell(`making the patch from ${entry.version}`);
    const old = await publishedTree(await readManifest(shop.repo, entry), shop, job);
    const patch = await makeStep({ old, version, full }, shop, job);
    if (patch === null) dropped.push(entry.version);
    else patches.push(patch);
  }
  return { full, patches, dropped };
}

/** A tree that a published version has already keeps that version's package, since published files are never written again. */
async function fullPackage(
  { list, version }: { list: ReleaseList | null; version: VersionTree },
  shop: Workshop & { readonly tell: (line: string) => void },
  job: Job,
): Promise<Package> {
  const digest = treeDigest(version.tree);
  const same = list?.releases.find((release) => release.treeDigest === digest);
  if (same !== undefined) {
    shop.tell(`${same.version} has the same tree: its full package stays`);
    return (await readManifest(shop.repo, same)).full;
  }
  shop.tell('making the full package');
  return makeFull(version, shop, job);
}

function originOfTree(
  options: BuildOptions,
  found: { tree: Tree; environment: Readonly<Record<string, string | undefined>> },
  job: Job,
): Promise<Origin> {
  const { tree: folder, checkout = folder, source = null, revision = null } = options;
  return originOf({ folder, tree: found.tree, checkout, source, revision }, found.environment, job);
}
