/**
 * What was built and is not published yet: `<repo>/staging/<platform>-<arch>/<version>.json`, one record each. The files that it
 * names stand in their final places already, but no signed metadata names them, so to clients they do not exist.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compare } from 'semver';
import { z } from 'zod';
import { namesIn, readBounded, readRecord, replaceFile, writeRecord } from '../../../src/updater/disk/atomic.ts';
import { sha256Hex, treeDigest } from '../../../src/updater/disk/hash.ts';
import { canonicalJson, parseJson } from '../../../src/updater/disk/json.ts';
import { takeLock, type Lock } from '../../../src/updater/disk/lock.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import { manifestLimits, parseManifest, type Manifest } from '../../../src/updater/model/manifest.ts';
import { nameSchema, parseAs, sha256Schema, sizeSchema, versionSchema } from '../../../src/updater/model/parse.ts';
import type { Entry } from './documents.ts';

const stagedSchema = z.object({
  version: versionSchema,
  platform: nameSchema,
  arch: nameSchema,
  treeDigest: sha256Schema,
  manifest: z.object({ sha256: sha256Schema, size: sizeSchema }),
});

/** A built release that waits for its publication. */
export type Staged = Readonly<z.infer<typeof stagedSchema>>;

/** Puts a manifest in its place and records the release as built. The record comes last, atomically. */
export async function stage(repo: string, manifest: Manifest): Promise<Staged> {
  const bytes = Buffer.from(canonicalJson(manifest));
  const sha256 = sha256Hex(bytes);
  await mkdir(join(repo, 'manifests'), { recursive: true });
  await replaceFile(join(repo, manifestName(sha256)), bytes);
  const { version, platform, arch } = manifest;
  const staged: Staged = { version, platform, arch, treeDigest: manifest.tree.digest, manifest: { sha256, size: bytes.length } };
  await mkdir(join(repo, 'staging', `${platform}-${arch}`), { recursive: true });
  await writeRecord(recordPath(repo, staged), staged);
  return staged;
}

/** Every built release, the lowest version first; throws `state/damaged` for a record that is none. */
export async function listStaged(repo: string): Promise<readonly Staged[]> {
  const found: Staged[] = [];
  for (const target of await namesIn(join(repo, 'staging'))) {
    if (!/^[a-z0-9-]+$/.test(target)) continue;
    for (const name of await namesIn(join(repo, 'staging', target))) {
      const staged = await readRecord(join(repo, 'staging', target, name), parseStaged);
      if (staged !== null) found.push(staged);
    }
  }
  return found.toSorted((a, b) => compare(a.version, b.version));
}

/** Forgets that a release waits. */
export async function unstage(repo: string, staged: Staged): Promise<void> {
  await rm(recordPath(repo, staged), { force: true });
}

/** Reads a manifest of the repository and checks that it is the one that is meant; throws `state/damaged` when it is not. */
export async function readManifest(repo: string, entry: Pick<Entry, 'version' | 'treeDigest' | 'manifest'>): Promise<Manifest> {
  const { sha256, size } = entry.manifest;
  const bytes = await readBounded(join(repo, manifestName(sha256)), manifestLimits.bytes);
  if (bytes === null || bytes.length !== size || sha256Hex(bytes) !== sha256) {
    throw new Failed('state/damaged', `the manifest of ${entry.version} is missing or altered: ${manifestName(sha256)}`);
  }
  const manifest = parseManifest(parseJson(bytes, { maxBytes: manifestLimits.bytes }, 'state/damaged'));
  const digest = treeDigest(manifest.tree);
  if (manifest.version !== entry.version || manifest.tree.digest !== digest || entry.treeDigest !== digest) {
    throw new Failed('state/damaged', `the manifest of ${entry.version} is not about that version's tree`);
  }
  return manifest;
}

/** Where a manifest lies in the repository. */
export function manifestName(sha256: string): string {
  return `manifests/${sha256}.json`;
}

/** Only one process at a time changes what is published. */
export async function lockRepository(repo: string, job: Job): Promise<Lock & AsyncDisposable> {
  await mkdir(join(repo, 'staging'), { recursive: true });
  return takeLock(join(repo, 'staging', 'lock.db'), { waitMs: 10_000 }, job);
}

function recordPath(repo: string, { version, platform, arch }: Staged): string {
  return join(repo, 'staging', `${platform}-${arch}`, `${version}.json`);
}

function parseStaged(value: unknown): Staged {
  return parseAs(stagedSchema, value, { what: 'record of a built release', code: 'state/damaged' });
}
