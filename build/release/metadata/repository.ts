/**
 * The metadata and targets of a release repository on disk, with consistent snapshots (TUF 6.2):
 *
 *   metadata/<version>.<role>.json, metadata/timestamp.json, targets/<folders>/<sha256>.<name>
 *
 * Nothing that exists is ever changed, `timestamp.json` apart, which is replaced atomically and last: until then nothing else
 * that was written is visible. What a killed publication left behind stays unused, since the next one takes higher numbers.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { namesIn, readBounded, replaceFile } from '../../../src/updater/disk/atomic.ts';
import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { limitOf, parseRoot, parseSnapshot, parseTargets, parseTimestamp, trustLimits } from '../../../src/updater/trust/metadata.ts';
import type { Root, Signed, Snapshot, Target, Targets, Timestamp } from '../../../src/updater/trust/metadata.ts';

/** What is published now. */
export interface Published {
  readonly root: Root;
  readonly timestamp: Timestamp;
  readonly snapshot: Snapshot;
  readonly targets: Targets;
  readonly channels: Targets;
}

/** Whether there is a repository's metadata in a folder. */
export async function isRepository(repo: string): Promise<boolean> {
  return (await namesIn(join(repo, 'metadata'))).some((name) => /^\d+\.root\.json$/.test(name));
}

/** Reads what is published now, without verifying signatures; throws `state/damaged` when something is missing or unreadable. */
export async function readPublished(repo: string): Promise<Published> {
  const read = async <Body>(name: string, parse: (bytes: Uint8Array) => Signed<Body>): Promise<Body> => {
    const bytes = await readBounded(join(repo, 'metadata', name), trustLimits.targets);
    if (bytes === null) throw new Failed('state/damaged', `${join(repo, 'metadata', name)} is missing`);
    return parse(bytes).body;
  };
  const root = await read(`${await highestVersion(repo, 'root')}.root.json`, parseRoot);
  const timestamp = await read('timestamp.json', parseTimestamp);
  const snapshot = await read(`${timestamp.meta['snapshot.json'].version}.snapshot.json`, parseSnapshot);
  const versionOf = (role: string): number => snapshot.meta.get(`${role}.json`)?.version ?? 0;
  const targets = await read(`${versionOf('targets')}.targets.json`, parseTargets);
  const channels = await read(`${versionOf('channels')}.channels.json`, parseTargets);
  return { root, timestamp, snapshot, targets, channels };
}

/** The published bytes of a target such as `offers/stable/linux-x64.json`, or null when nothing is published under that name. */
export async function readTarget(repo: string, name: string): Promise<Buffer | null> {
  const { targets, channels } = await readPublished(repo);
  const target = targets.targets.get(name) ?? channels.targets.get(name);
  if (target === undefined) return null;
  const bytes = await readBounded(join(repo, targetPath(name, target.hashes['sha256'] ?? '')), trustLimits.target);
  if (bytes === null) throw new Failed('state/damaged', `the file of ${name} is missing`);
  return bytes;
}

/** Writes a target's file under its digest and returns what its role has to say about it. */
export async function writeTarget(repo: string, name: string, bytes: Uint8Array): Promise<Target> {
  if (bytes.length > trustLimits.target)
    throw new Failed('usage/wrong', `${name} is larger than clients read (${trustLimits.target} bytes)`);
  const sha256 = sha256Hex(bytes);
  await writeFile(join(repo, targetPath(name, sha256)), bytes);
  return { length: bytes.length, hashes: { sha256 } };
}

/** Writes one version of a role's metadata; throws `usage/wrong` when it is larger than clients read. */
export async function writeMetadata(repo: string, { role, version }: { role: string; version: number }, bytes: Uint8Array): Promise<void> {
  const limit = limitOf(role);
  if (bytes.length > limit) throw new Failed('usage/wrong', `the metadata of ${role} is larger than clients read (${limit} bytes)`);
  await writeFile(join(repo, 'metadata', `${version}.${role}.json`), bytes);
}

/** Replaces `timestamp.json`, atomically: from here on everything that was written before is published. */
export async function writeTimestamp(repo: string, bytes: Uint8Array): Promise<void> {
  await replaceFile(join(repo, 'metadata', 'timestamp.json'), bytes);
}

/** The highest version of a role of which there is a file, published or not; 0 when there is none. */
export async function highestVersion(repo: string, role: string): Promise<number> {
  const suffix = `.${role}.json`;
  const versions = (await namesIn(join(repo, 'metadata')))
    .filter((name) => name.endsWith(suffix))
    .map((name) => Number(name.slice(0, -suffix.length)));
  return Math.max(0, ...versions.filter((version) => Number.isSafeInteger(version)));
}

function targetPath(name: string, sha256: string): string {
  const segments = name.split('/');
  return join('targets', ...segments.slice(0, -1), `${sha256}.${segments.at(-1) ?? ''}`);
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const present = await readBounded(path, bytes.length).catch(() => Buffer.alloc(0));
  if (present?.equals(bytes) === true) return;
  if (present !== null) throw new Failed('state/damaged', `${path} exists with other contents; published files never change`);
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, bytes);
}
