/** How much room there is. Quotas only show when a write fails (EDQUOT), which is the same failure: `disk/space`. */
import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failed } from '../model/failure.ts';
import { hasCode } from './atomic.ts';

/** Returns the bytes that this user may still write where `path` is, or where it would be created. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    // What does not exist yet will be created on its parent's file system.
    if (hasCode(error, 'ENOENT') && dirname(path) !== path) return freeBytes(dirname(path));
    throw error;
  }
}

/** Throws `disk/space` when fewer than `bytes` are free where `path` is, naming both figures. */
export async function requireBytes(path: string, bytes: number): Promise<void> {
  const free = await freeBytes(path);
  if (free < bytes) throw new Failed('disk/space', `${path} needs ${bytes} bytes and has ${free}`);
}

/** Returns the bytes that a folder's files take on the disk (blocks, not lengths); 0 when it is not there. Opens no file and follows no link. */
export async function bytesBelow(folder: string): Promise<number> {
  // Without the file types Node would look through links to folders.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  let bytes = 0;
  for (const entry of entries) if (entry.isFile()) bytes += await bytesOf(join(entry.parentPath, entry.name));
  return bytes;
}

/** What went away since the folder was listed takes nothing. */
async function bytesOf(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.blocks * 512 : 0;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
