/**
 * Mends a version on disk: every file that is not as it was signed is replaced by one that is.
 *
 * A version never changes, and a mended one is what it was: each right content is made beside, in `downloads/<digest8>.mending/`,
 * hashed and synced; then it is copied beside its place and renamed over what stood there. A kill leaves each file damaged as
 * it was, missing, or right, and perhaps a copy beside it that does not belong there: the next look finds every one of them.
 * Programs that run keep the files that they opened.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree, syncFolder } from '../disk/atomic.ts';
import { cloneFile } from '../disk/clone.ts';
import { hashFile } from '../disk/hash.ts';
import { freshFolder, linkInside, placeInside } from '../disk/inside.ts';
import { permissionsOf } from '../disk/scan.ts';
import { writeBootList } from '../install/checks/boot-list.ts';
import type { Layout } from '../install/layout.ts';
import { acceptedManifest, listVersions, recordAgain } from '../install/versions.ts';
import { Failed } from '../model/failure.ts';
import { versionName } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Manifest } from '../model/manifest.ts';
import type { TreeFile } from '../model/tree.ts';
import { hasObject, takeObject, type Content } from '../store/objects.ts';
import type { VersionStep } from '../model/application/health.ts';
import { foldersOf } from './verify/versions.ts';

/** Contents of a version that are nowhere on this machine, and the folder that they go to, each under its SHA-256 as its name. */
export interface Lacking {
  readonly manifest: Manifest;
  readonly contents: readonly Content[];
  readonly to: string;
}

/** Fetches what is lacking, verified, and returns how many bytes came over the wire. */
export type FetchContents = (lacking: Lacking) => Promise<number>;

/** Where the root is, and how to get what is nowhere on this machine. */
export interface Tools {
  readonly layout: Layout;
  readonly fetch: FetchContents;
  readonly now: Date;
}

/** How many contents came from where, and what that cost over the wire. */
export interface Mended {
  readonly fromHere: number;
  readonly fetched: number;
  readonly fetchedBytes: number;
}

/** Carries out one step, under the lock of the root. Throws `fetch/…` or `state/damaged` when a content cannot be had; what was mended by then stays so. */
export async function mendVersion(step: VersionStep, tools: Tools, job: Job): Promise<Mended> {
  const { layout } = tools;
  const manifest = await acceptedManifest(layout, step.treeDigest);
  if (manifest === null) throw new Failed('state/damaged', `nothing here says what version ${step.treeDigest.slice(0, 8)} has to be`);
  const folder = join(layout.versions, versionName(manifest.version, step.treeDigest));
  const aside = join(layout.downloads, `${step.treeDigest.slice(0, 8)}.mending`);
  await freshFolder(aside);
  const files = filesIn(manifest, step);
  const mended = await gather(files, { manifest, aside, tools }, job);
  for (const path of step.extra) await removeTree(join(folder, path));
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const file of files) await place(file, { folder, aside });
  for (const { path, target } of manifest.tree.links.filter((link) => step.files.includes(link.path))) {
    await removeTree(join(folder, path));
    await linkInside(folder, path, target);
  }
  for (const path of foldersOf([...step.files, ...step.extra]).toReversed()) await syncFolder(join(folder, path));
  await setPermissions(folder, manifest, step);
  await writeBootList(layout, manifest);
  if (step.rewrite) await recordAgain(layout, step.treeDigest, tools.now);
  await removeTree(aside);
  return mended;
}

function filesIn({ tree }: Manifest, { files }: VersionStep): readonly TreeFile[] {
  const wanted = new Set(files);
  return tree.files.filter(({ path }) => wanted.has(path));
}

interface Gathering {
  readonly manifest: Manifest;
  readonly aside: string;
  readonly tools: Tools;
}

/** Brings every content together in `aside`: from another version, from the objects, else from the publisher. */
async function gather(files: readonly TreeFile[], { manifest, aside, tools }: Gathering, job: Job): Promise<Mended> {
  const contents = [...new Map(files.map((file) => [file.sha256, file])).values()];
  const places = await placesOf(new Set(contents.map(({ sha256 }) => sha256)), tools.layout);
  const lacking: TreeFile[] = [];
  for (const content of contents) {
    job.signal.throwIfAborted();
    const target = join(aside, content.sha256);
    const isHere =
      (await fromVersions(places.get(content.sha256) ?? [], { content, target }, job)) ||
      (await fromObjects(content, { target, tools }, job));
    if (!isHere) lacking.push(content);
  }
  const fetchedBytes = lacking.length === 0 ? 0 : await tools.fetch({ manifest, contents: lacking, to: aside });
  return { fromHere: contents.length - lacking.length, fetched: lacking.length, fetchedBytes };
}

/** Every path, in whatever version that stands here, at which a content should be. */
async function placesOf(wanted: ReadonlySet<string>, layout: Layout): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for (const { version, treeDigest } of await listVersions(layout)) {
    const manifest = await acceptedManifest(layout, treeDigest);
    const folder = join(layout.versions, versionName(version, treeDigest));
    for (const { path, sha256 } of manifest?.tree.files ?? []) {
      if (wanted.has(sha256)) found.set(sha256, [...(found.get(sha256) ?? []), join(folder, path)]);
    }
  }
  return found;
}

interface Wanted {
  readonly content: Content;
  readonly target: string;
}

/** A copy counts only when it is right itself: the same damage may be in both. */
async function fromVersions(places: readonly string[], { content, target }: Wanted, job: Job): Promise<boolean> {
  for (const path of places) {
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() !== true || found.size !== content.size || found.nlink > 1) continue;
    await cloneFile(path, target);
    if ((await hashFile(target, job)).sha256 === content.sha256) return true;
    await removeTree(target);
  }
  return false;
}

async function fromObjects({ size, sha256 }: Content, { target, tools }: { target: string; tools: Tools }, job: Job): Promise<boolean> {
  const { objects } = tools.layout;
  if (!hasObject(objects, sha256)) return false;
  try {
    await takeObject(objects, { path: target, permissions: 0o644, content: { size, sha256 } }, job);
    return true;
  } catch (error) {
    // A damaged object is the snapshots' finding; the content may still be had elsewhere.
    if (!(error instanceof Failed) || error.code !== 'state/damaged') throw error;
    await removeTree(target);
    return false;
  }
}

/** Copies a content beside its place, synced, and renames it over what stands there. */
async function place({ path, sha256, mode }: TreeFile, { folder, aside }: { folder: string; aside: string }): Promise<void> {
  const target = await placeInside(folder, path);
  const beside = join(dirname(target), `.moult-new-${randomBytes(8).toString('hex')}`);
  await cloneFile(join(aside, sha256), beside);
  await using file = await open(beside, constants.O_RDWR | constants.O_NOFOLLOW);
  await file.chmod(permissionsOf(mode));
  await file.sync();
  if ((await lstat(target).catch(() => null))?.isDirectory() === true) await removeTree(target);
  await rename(beside, target);
}

/** What only lacks its mode gets it; folders are for their owner to write to. */
async function setPermissions(folder: string, { tree }: Manifest, { modes, isOpen }: VersionStep): Promise<void> {
  const named = new Set(modes);
  for (const { path, mode } of tree.files) if (named.has(path)) await chmod(join(folder, path), permissionsOf(mode));
  if (isOpen) for (const path of foldersOf(tree.files.map((file) => file.path))) await chmod(join(folder, path), 0o755);
}
