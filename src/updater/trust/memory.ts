/**
 * What a client remembers between two checks.
 *
 *   <folder>/root.json, timestamp.json, snapshot.json, targets.json, <delegated role>.json   exactly as they were signed
 *   <folder>/targets/<name>                                                                  the targets last read
 *
 * Every file is replaced whole; what is damaged, or is not what its signer signed, counts as absent and is fetched again. So that
 * lost files do not turn the protection against old metadata off, a floor travels in the record of each installed version.
 */
import { lstat, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded, removeTree, replaceFile, syncFolder } from '../disk/atomic.ts';
import { sha256Hex } from '../disk/hash.ts';
import { Failed } from '../model/failure.ts';
import type { Floor } from '../model/generation.ts';
import { limitOf, trustLimits, type Root } from './metadata.ts';
import type { ReadKey } from './signature.ts';

/** The files of one trust folder. */
export interface Memory {
  /** A role's metadata, or null when there is none that could be read. Not yet verified. */
  read(role: string): Promise<Uint8Array | null>;
  /** Keeps a role's metadata; atomic. */
  write(role: string, bytes: Uint8Array): Promise<void>;
  /** Forgets roles; durable, not atomic for several of them. */
  drop(...roles: readonly string[]): Promise<void>;
  readTarget(name: string): Promise<Uint8Array | null>;
  writeTarget(name: string, bytes: Uint8Array): Promise<void>;
}

/** Opens a trust folder, which `write` creates when it is missing. */
export function openMemory(folder: string): Memory {
  const fileOf = (role: string): string => join(folder, `${fileName(role)}.json`);
  const targetOf = (name: string): string => join(folder, 'targets', sha256Hex(name).slice(0, 32));
  return {
    read: (role) => readUndamaged(fileOf(role), limitOf(role)),
    write: (role, bytes) => replaceAnything(folder, fileOf(role), bytes),
    drop: async (...roles) => {
      for (const role of roles) await rm(fileOf(role), { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await syncFolder(folder);
    },
    readTarget: (name) => readUndamaged(targetOf(name), trustLimits.target),
    writeTarget: (name, bytes) => replaceAnything(join(folder, 'targets'), targetOf(name), bytes),
  };
}

/** A role's name as part of a file name and of a URL: everything but letters, digits and `_.-~` percent-encoded. */
export function fileName(role: string): string {
  return encodeURIComponent(role).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function readUndamaged(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await readBounded(path, maxBytes);
  } catch (error) {
    // Something else at that place, or far too large: as good as absent, and replaced by the next write.
    if (error instanceof Failed && error.code === 'state/damaged') return null;
    throw error;
  }
}

/** A folder where the file belongs would make every write fail for ever. */
async function replaceAnything(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory() === true) await removeTree(path);
  await replaceFile(path, bytes);
}

/**
 * The floor that follows from believed versions. All names but `root` carry the keys that could have raised the numbers
 * (`timestamp@1f2e3d4c.5b6a7988`): once one of those keys is replaced, the floor it may have spoiled no longer counts (TUF 5.3.11).
 */
export function floorOf(root: Root, versions: ReadonlyMap<string, number>, readKey: ReadKey): Floor {
  const keys = [...onlineKeys(root, readKey)].map(shortDigest).toSorted().join('.');
  const named = [...versions].map(([role, version]) => [`${role}@${keys}`, version] as const).filter(([name]) => name.length <= 256);
  return { root: root.version, ...Object.fromEntries(named) };
}

/** The lowest believable version of a role; a floor for other keys than today's does not count, one without keys always does. */
export function lowestVersion(floor: Floor, role: string, { root, readKey }: { root: Root; readKey: ReadKey }): number {
  const today = new Set([...onlineKeys(root, readKey)].map(shortDigest));
  const counts = (name: string): boolean => {
    if (name === role) return true;
    const keys = name.startsWith(`${role}@`) ? name.slice(role.length + 1).split('.') : [];
    return keys.length > 0 && keys.every((key) => today.has(key));
  };
  return Math.max(
    1,
    ...Object.keys(floor)
      .filter(counts)
      .map((name) => floor[name] ?? 1),
  );
}

/** Whether a key of the timestamp or snapshot role is no longer one in the next root. */
export function hasRotated(before: Root, after: Root, readKey: ReadKey): boolean {
  return (['timestamp', 'snapshot'] as const).some((role) => {
    const remaining = keysOf(after, role, readKey);
    return [...keysOf(before, role, readKey)].some((key) => !remaining.has(key));
  });
}

function onlineKeys(root: Root, readKey: ReadKey): ReadonlySet<string> {
  return new Set([...keysOf(root, 'timestamp', readKey), ...keysOf(root, 'snapshot', readKey)]);
}

function keysOf(root: Root, role: 'timestamp' | 'snapshot', readKey: ReadKey): ReadonlySet<string> {
  const keys = root.roles[role].keyids.flatMap((id) => root.keys.get(id) ?? []);
  return new Set(keys.flatMap((key) => readKey(key)?.identity ?? []));
}

function shortDigest(identity: string): string {
  return sha256Hex(identity).slice(0, 8);
}
