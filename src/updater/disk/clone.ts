/** Copies that share their blocks where the file system can do that, and never an inode: one flipped byte must not damage both. */
import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import { hasCode } from './atomic.ts';

/** How a file was copied: sharing blocks until one of the two is written, or byte by byte. */
export type CloneWay = 'reflink' | 'copy';

/**
 * Copies a regular file with its mode to a name that must be free; not atomic and not synced. `first` is what is tried first:
 * hand in 'copy' once the same pair of folders has answered so. Throws `disk/unsafe` for a link or anything else that is no file.
 */
export async function cloneFile(from: string, to: string, first: CloneWay = 'reflink'): Promise<CloneWay> {
  const source = await lstat(from);
  if (!source.isFile() || (source.mode & 0o7000) !== 0) throw new Failed('disk/unsafe', `${from} is not a plain file`);
  if (first === 'reflink' && (await couldReflink(from, to))) return 'reflink';
  await copyFile(from, to, constants.COPYFILE_EXCL);
  return 'copy';
}

/**
 * Copies a folder to a name that must be free: folders, files and links (as they are, not followed), without sockets, devices
 * and FIFOs, and without `lock.db`, which nobody but the lock may open. Neither atomic nor synced.
 */
export async function cloneTree(from: string, to: string, job: Job): Promise<CloneWay> {
  return cloneFolder({ from, to, first: 'reflink' }, job);
}

async function cloneFolder(what: { from: string; to: string; first: CloneWay }, job: Job): Promise<CloneWay> {
  let way = what.first;
  await mkdir(what.to);
  for (const entry of await readdir(what.from, { withFileTypes: true })) {
    job.signal.throwIfAborted();
    const [from, to] = [join(what.from, entry.name), join(what.to, entry.name)];
    if (entry.isDirectory()) way = await cloneFolder({ from, to, first: way }, job);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (entry.isFile() && entry.name !== 'lock.db') way = await cloneFile(from, to, way);
  }
  return way;
}

/** Where blocks cannot be shared (other device, other file system) the answer is one of these, and nothing was left at `to`. */
async function couldReflink(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EINVAL', 'ENOTTY', 'EOPNOTSUPP')) return false;
    throw error;
  }
}
