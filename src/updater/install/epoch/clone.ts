/**
 * A new epoch as a copy of an older one, which is only read (its databases' logs are moved into the databases first).
 *
 * Cloned are the declared state, and what belongs to the shell: `evolutions/` and `profile/`. Files share their blocks with the
 * original where the file system can do that. A link, device or socket among the state is refused: what lies behind it would be
 * shared with the old version. In the browser's profile they are marks of a running browser, and left out.
 */
import { lstat, mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode, namesIn, syncFolder } from '../../disk/atomic.ts';
import { cloneFile } from '../../disk/clone.ts';
import { requireBytes, bytesBelow } from '../../disk/space.ts';
import { Failed } from '../../model/failure.ts';
import type { DataDeclaration } from '../../model/application/data.ts';
import type { Job } from '../../model/job.ts';
import type { Instance } from '../layout.ts';
import { copyDatabase } from '../../store/database.ts';
import { closedWithinMs, copyClosed, databaseCompanions } from './databases.ts';
import { beginEpoch, epochFolder, readEpoch, type EpochInMaking, type Purpose } from './record.ts';

/** Which epoch is cloned, by which declaration, what for; `dataVersion` is what the data is believed to be where the epoch has no record of it. */
export interface Cloning {
  readonly instance: Instance;
  readonly from: number;
  readonly dataVersion: number;
  readonly declaration: DataDeclaration;
  readonly purpose: Purpose;
}

/** Clones an epoch that no program runs in; the result is none before `finishEpoch`. Throws `disk/busy` for an open database, `disk/unsafe` for a link among the state, `disk/space`, `state/damaged`. */
export async function cloneEpoch(cloning: Cloning, job: Job): Promise<EpochInMaking> {
  const { instance, from, declaration, purpose } = cloning;
  const source = epochFolder(instance, from);
  await refuseNoFolder(source, 'state/damaged');
  await requireBytes(instance.epochs, await bytesBelow(source));
  const dataVersion = (await readEpoch(instance, from))?.dataVersion ?? cloning.dataVersion;
  const making = await beginEpoch(instance, { dataVersion, from }, purpose);
  await copyState({ from: source, to: making.folder, declaration, isLive: false }, job);
  return making;
}

/** From which epoch's folder to which existing one; `isLive` where a program may run in the original. */
export interface Copying {
  readonly from: string;
  readonly to: string;
  readonly declaration: DataDeclaration;
  readonly isLive: boolean;
}

/** Copies the declared state of an epoch's folder, synced. */
export async function copyState(copying: Copying, job: Job): Promise<void> {
  const shell = ['evolutions', 'profile'];
  for (const path of new Set([...copying.declaration.state, ...shell])) await copyPath(path, copying, job);
  await syncFolder(copying.to);
}

async function copyPath(path: string, copying: Copying, job: Job): Promise<void> {
  const isThere = await walkDown(copying.from, path);
  if (!isThere) return;
  await mkdir(join(copying.to, dirname(path)), { recursive: true, mode: 0o700 });
  await copyEntry(path, copying, job);
}

/** Whether a declared path is there; every folder on the way to it must be a real one. */
async function walkDown(root: string, path: string): Promise<boolean> {
  const names = path.split('/');
  for (const i of names.keys()) {
    const place = join(root, ...names.slice(0, i + 1));
    const found = await lstat(place).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    });
    if (found === null) return false;
    if (found.isSymbolicLink()) throw new Failed('disk/unsafe', `${place} is a link: the data behind it cannot be kept apart per version`);
  }
  return true;
}

async function copyEntry(path: string, copying: Copying, job: Job): Promise<void> {
  job.signal.throwIfAborted();
  const { from, to, declaration } = copying;
  if (declaration.cache.includes(path) || isCompanion(path, declaration)) return;
  const [source, target] = [join(from, path), join(to, path)];
  const found = await lstat(source);
  if (found.isDirectory()) {
    await mkdir(target, { recursive: true, mode: 0o700 });
    for (const name of await namesIn(source)) if (name !== 'lock.db') await copyEntry(`${path}/${name}`, copying, job);
    return syncFolder(target);
  }
  if (!found.isFile()) {
    if (path.startsWith('profile/')) return;
    throw new Failed('disk/unsafe', `${source} is neither a file nor a folder`);
  }
  if (!declaration.databases.includes(path)) await cloneFile(source, target);
  else if (copying.isLive) await copyDatabase({ from: source, to: target, waitMs: closedWithinMs }, job);
  else await copyClosed(source, target, job);
  await syncFile(target);
}

/** A database's log says nothing without its database, and everything in it was moved there. */
function isCompanion(path: string, { databases }: DataDeclaration): boolean {
  return databaseCompanions.some((suffix) => path.endsWith(suffix) && databases.includes(path.slice(0, -suffix.length)));
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.sync();
}

async function refuseNoFolder(path: string, code: 'state/damaged'): Promise<void> {
  const found = await readdir(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  });
  if (found === null) throw new Failed(code, `the epoch ${path} is gone`);
}
