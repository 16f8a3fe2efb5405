/**
 * Files that are replaced whole, and folders that disappear whole.
 *
 * Replacing: a new file beside the old one (`.moult-new-<16 hex>`), its bytes and mode, fsync, rename over the old name, fsync of
 * the folder. A kill or power loss before the rename leaves the old file and perhaps the new one beside it; after the rename
 * the new file. Once the promise is fulfilled the new file survives power loss where the platform can fsync a folder.
 * Removing: the tree is first renamed aside (`.moult-old-<16 hex>`), then emptied; a kill in between leaves only the renamed rest.
 * Whoever holds the folder's lock may remove every entry for which `isLeftover` holds.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, lstat, open, readdir, rename, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failed } from '../model/failure.ts';
import { canonicalJson, parseJson } from './json.ts';

/** How long Windows may hold on to a file that is being replaced: virus scanners open what was just written. */
const renameRetryMs = 60_000;

/**
 * Replaces the file at `path` (or creates it) by exactly these bytes, durably and atomically.
 * Throws system errors; the old file is then still in place, whole.
 */
export async function replaceFile(path: string, bytes: Uint8Array | string, mode: 0o600 | 0o644 | 0o755 = 0o644): Promise<void> {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  const beside = await writeBeside(path, data, mode);
  await orDiscard(beside, () => renamePatiently(beside, path));
  await syncFolder(dirname(path));
}

/** Reads a whole regular file of at most `maxBytes`, or null when there is none; throws `state/damaged` for anything else at that place. */
export async function readBounded(path: string, maxBytes: number): Promise<Buffer | null> {
  const opened = await openRegular(path);
  if (opened === null) return null;
  await using file = opened;
  const { size } = await file.stat();
  if (size > maxBytes) throw new Failed('state/damaged', `${path} has ${size} bytes, more than ${maxBytes}`);
  const buffer = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(buffer, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Replaces the file at `path` by one line of canonical JSON, durably and atomically. */
export async function writeRecord(path: string, value: unknown): Promise<void> {
  await replaceFile(path, `${canonicalJson(value)}\n`);
}

/** Reads one record of at most `maxBytes`, or null when there is none; throws `state/damaged` when it is not JSON, and what `parse` throws. */
export async function readRecord<T>(path: string, parse: (value: unknown) => T, maxBytes = 1024 ** 2): Promise<T | null> {
  const bytes = await readBounded(path, maxBytes);
  try {
    return bytes === null ? null : parse(parseJson(bytes, { maxBytes }, 'state/damaged'));
  } catch (error) {
    // Parsers do not know which file they read, and whoever reads the failure wants to.
    if (error instanceof Failed) throw new Failed(error.code, `${path}: ${error.failure.detail}`, { cause: error });
    throw error;
  }
}

/** The same, and null also when what stands there cannot be understood: for records that are made anew, or done without. */
export async function readableRecord<T>(path: string, parse: (value: unknown) => T, maxBytes?: number): Promise<T | null> {
  try {
    return await readRecord(path, parse, maxBytes);
  } catch (error) {
    if (error instanceof Failed) return null;
    throw error;
  }
}

/** Renames a file or folder and makes that durable; atomic. On Windows it tries for a minute while something else has it open. */
export async function moveEntry(from: string, to: string): Promise<void> {
  await renamePatiently(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

/** Makes the names in a folder survive power loss; does nothing where a folder cannot be synced (Windows, some network systems). */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await folder.sync().catch((error: unknown) => {
    // EINVAL is how a file system says that it has no such operation; everything else is a real failure.
    if (!hasCode(error, 'EINVAL')) throw error;
  });
}

/**
 * Removes a file, link or folder with everything in it and never follows a link. It disappears under its own name at once
 * (atomic), what was in it bit by bit; nothing happens when there is nothing.
 */
export async function removeTree(path: string): Promise<void> {
  const named = resolve(path);
  const found = await lstatOrNull(named);
  if (found === null) return;
  if (isLeftover(basename(named))) return removeEntry(named, found.isDirectory());
  const aside = join(dirname(named), `.moult-old-${randomBytes(8).toString('hex')}`);
  await renamePatiently(named, aside);
  await removeEntry(aside, found.isDirectory());
}

/** The names in a folder, sorted; none when there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Whether a name is that of a file or folder which a killed `replaceFile` or `removeTree` left behind. */
export function isLeftover(name: string): boolean {
  return /^\.moult-(new|old)-[0-9a-f]{16}$/.test(name);
}

/** After a failed fsync the kernel may call dirty pages clean: the same file synced again proves nothing, so it is written anew, once. */
async function writeBeside(path: string, data: Uint8Array, mode: number): Promise<string> {
  try {
    return await writeNew(dirname(path), data, mode);
  } catch (error) {
    if (!hasCode(error, 'EIO')) throw error;
    return writeNew(dirname(path), data, mode);
  }
}

async function writeNew(folder: string, data: Uint8Array, mode: number): Promise<string> {
  const path = join(folder, `.moult-new-${randomBytes(8).toString('hex')}`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  await orDiscard(path, () => fillAndSync(file, data, mode));
  return path;
}

/** Takes a step with the new file; when that fails, so that it will never get its name, the new file goes. */
async function orDiscard(beside: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    // The first failure is the one to tell; a file that cannot be removed is a leftover like any other.
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

async function fillAndSync(handle: FileHandle, data: Uint8Array, mode: number): Promise<void> {
  await using file = handle;
  await file.writeFile(data);
  await file.chmod(mode);
  await file.sync();
}

async function renamePatiently(from: string, to: string): Promise<void> {
  const deadline = performance.now() + renameRetryMs;
  for (;;) {
    try {
      return await rename(from, to);
    } catch (error) {
      const held = process.platform === 'win32' && hasCode(error, 'EPERM', 'EACCES', 'EBUSY');
      if (!held || performance.now() > deadline) throw error;
      await sleep(50 + Math.random() * 200);
    }
  }
}

/** Opens without following a link and without waiting for the other end of a FIFO. */
async function openRegular(path: string): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasCode(error, 'ELOOP', 'ENXIO')) throw new Failed('state/damaged', `${path} is not a regular file`, { cause: error });
    throw error;
  });
  if (file === null || (await file.stat()).isFile()) return file;
  await file.close();
  throw new Failed('state/damaged', `${path} is not a regular file`);
}

async function removeEntry(path: string, isFolder: boolean): Promise<void> {
  if (!isFolder) return unlink(path);
  // A read-only folder lets nobody take names out of it, not even its owner. One that is not ours says below what is wrong.
  await chmod(path, 0o700).catch(() => undefined);
  for (const entry of await readdir(path, { withFileTypes: true })) await removeEntry(join(path, entry.name), entry.isDirectory());
  await rmdir(path);
}

async function lstatOrNull(path: string): Promise<{ isDirectory(): boolean } | null> {
  return lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  });
}

/** Whether a thrown value is a system error with one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}
