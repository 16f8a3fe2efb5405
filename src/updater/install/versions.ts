/**
 * Versions on disk: `versions/<name>/` is a tree, `versions/<name>.json` is its record, `versions/<name>.boot` the launcher's list.
 *
 * A version exists when its record does. Order: an empty folder is made, the tree is built and synced, the manifest that
 * vouches for it and the launcher's list are stored, the record is written. A kill on any line before the last leaves a folder without a record, which
 * nothing reads and the next build of that version replaces. Nothing ever writes into a tree whose record stands.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { namesIn, readableRecord, removeTree, syncFolder, writeRecord } from '../disk/atomic.ts';
import { Failed } from '../model/failure.ts';
import { floorSchema, parseVersionRecord, versionName, type Floor, type VersionRecord } from '../model/generation.ts';
import { parseAs, sha256Schema, timeText } from '../model/parse.ts';
import { manifestLimits, parseManifest, type Manifest } from '../model/manifest.ts';
import { writeBootList } from './checks/boot-list.ts';
import { runningVersions } from './instances.ts';
import type { Layout } from './layout.ts';

/** A version that stands on disk: its record, the manifest that was accepted for it, and the folder of its tree. */
export interface Version {
  readonly record: VersionRecord;
  readonly manifest: Manifest;
  readonly folder: string;
}

/** Makes the empty folder that a version is built in and returns its path; whatever lay there without a record is removed (S12). Not atomic. */
export async function beginVersion(layout: Layout, manifest: Manifest): Promise<string> {
  const folder = folderOf(layout, manifest.version, manifest.tree.digest);
  const held = (await runningVersions(layout)).has(versionName(manifest.version, manifest.tree.digest));
  if (held || (await readVersionRecord(layout, manifest.tree.digest)) !== null) {
    throw new Failed('state/damaged', `version ${manifest.version} is in use and cannot be built anew`);
  }
  await mkdir(layout.versions, { recursive: true, mode: 0o755 });
  await removeTree(folder);
  await mkdir(folder, { mode: 0o755 });
  return folder;
}

/** Makes a built and synced tree a version. Atomic: the record's rename is the moment. */
export async function recordVersion(layout: Layout, manifest: Manifest, vouched: Vouched): Promise<void> {
  await mkdir(layout.accepted, { recursive: true });
  const { manifestSha256, floor, now } = vouched;
  await writeRecord(acceptedPath(layout, manifest.tree.digest), { manifest, manifestSha256, floor });
  await writeBootList(layout, manifest);
  await syncFolder(layout.versions);
  await writeVersionRecord(layout, manifest, { manifestSha256, floor, now });
}

/** Writes the record of a version anew whose tree stands and was mended, from what was kept when it was accepted. Atomic. Throws `state/damaged` when that is gone. */
export async function recordAgain(layout: Layout, treeDigest: string, now: Date): Promise<void> {
  const kept = await readableRecord(acceptedPath(layout, treeDigest), (value) => parseKept(value, treeDigest), manifestLimits.bytes);
  if (kept === null)
    throw new Failed('state/damaged', `trust/accepted/${treeDigest}.json says nothing that a record could be written from`);
  await writeVersionRecord(layout, kept.manifest, { ...kept, now });
}

/** Every version that stands, in no order. A damaged record makes its version not stand. */
export async function listVersions(layout: Layout): Promise<readonly VersionRecord[]> {
  const names = await namesIn(layout.versions);
  const records = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readableRecord(join(layout.versions, name), parseVersionRecord)),
  );
  return records.filter((record) => record !== null);
}

/** The version with this tree, with its manifest, or null when it does not stand. */
export async function findVersion(layout: Layout, treeDigest: string): Promise<Version | null> {
  const record = await readVersionRecord(layout, treeDigest);
  const manifest = record === null ? null : await acceptedManifest(layout, treeDigest);
  if (record === null || manifest === null) return null;
  return { record, manifest, folder: folderOf(layout, record.version, record.treeDigest) };
}

/** The manifest that was accepted for a tree, also when the tree is gone; null when it was never accepted or its file is damaged. */
export async function acceptedManifest(layout: Layout, treeDigest: string): Promise<Manifest | null> {
  return readableRecord(acceptedPath(layout, treeDigest), (value) => parseAccepted(value, treeDigest), manifestLimits.bytes);
}

/** The highest metadata versions that any standing version was accepted under, per role: protection that outlives the trust folder. */
export async function floorOf(layout: Layout): Promise<Floor> {
  const floor: Record<string, number> = {};
  for (const record of await listVersions(layout)) {
    for (const [role, version] of Object.entries(record.floor)) floor[role] = Math.max(floor[role] ?? 0, version);
  }
  return floor;
}

interface Vouched {
  readonly manifestSha256: string;
  readonly floor: Floor;
  readonly now: Date;
}

async function writeVersionRecord(layout: Layout, { version, tree }: Manifest, { manifestSha256, floor, now }: Vouched): Promise<void> {
  const record: VersionRecord = { version, treeDigest: tree.digest, manifestSha256, floor, createdAt: timeText(now) };
  await writeRecord(join(layout.versions, `${versionName(version, tree.digest)}.json`), record);
}

function acceptedPath(layout: Layout, treeDigest: string): string {
  return join(layout.accepted, `${treeDigest}.json`);
}

function folderOf(layout: Layout, version: string, treeDigest: string): string {
  return join(layout.versions, versionName(version, treeDigest));
}

async function readVersionRecord(layout: Layout, treeDigest: string): Promise<VersionRecord | null> {
  return (await listVersions(layout)).find((record) => record.treeDigest === treeDigest) ?? null;
}

const keptSchema = z.object({ manifestSha256: sha256Schema, floor: floorSchema });

/** What is kept of a version beside its manifest; the oldest clients kept less. */
function parseKept(value: unknown, treeDigest: string): Omit<Vouched, 'now'> & { readonly manifest: Manifest } {
  return {
    ...parseAs(keptSchema, value, { what: 'accepted manifest', code: 'state/damaged' }),
    manifest: parseAccepted(value, treeDigest),
  };
}

function parseAccepted(value: unknown, treeDigest: string): Manifest {
  const manifest = parseManifest(typeof value === 'object' && value !== null && 'manifest' in value ? value.manifest : null);
  if (manifest.tree.digest !== treeDigest) throw new Failed('state/damaged', 'an accepted manifest is not the one its name says');
  return manifest;
}
