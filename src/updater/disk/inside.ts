/**
 * Making entries of a tree inside one folder and never outside it (acceptance S12, S15, S19).
 *
 * Names are checked as text; then every folder on the way must be a real folder, not a link; then the entry itself is created
 * exclusively. Nothing here is synced or atomic: the tree exists only once its record does.
 */
import { constants } from 'node:fs';
import { mkdir, open, realpath, symlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failed } from '../model/failure.ts';
import { pathProblem, resolveLink, type TreeFile } from '../model/tree.ts';
import { hasCode, removeTree } from './atomic.ts';

/** Creates an empty folder at `path`; whatever stood there before, prepared by whomever, is removed first without following links. */
export async function freshFolder(path: string): Promise<void> {
  await removeTree(path);
  await mkdir(path, { mode: 0o755 });
}

/** Creates the file `relativePath` below `root` with the folders it needs, open for writing; throws `disk/unsafe` for an unsafe path, a link on the way or a name that is taken. */
export async function createInside(root: string, relativePath: string, mode: TreeFile['mode']): Promise<FileHandle> {
  const path = await placeInside(root, relativePath);
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch((error: unknown) => throwTaken(error, relativePath));
  await file.chmod(mode === 'program' ? 0o755 : 0o644);
  return file;
}

/** Creates the symbolic link `relativePath` below `root`; throws `disk/unsafe` when it would leave `root`, and as `createInside` does. */
export async function linkInside(root: string, relativePath: string, target: string): Promise<void> {
  if (resolveLink(relativePath, target) === null)
    throw new Failed('disk/unsafe', `the link ${JSON.stringify(relativePath)} leaves the tree`);
  await symlink(target, await placeInside(root, relativePath)).catch((error: unknown) => throwTaken(error, relativePath));
}

/** The absolute path of an entry whose folders all exist and are no links; creates them as needed. Throws `disk/unsafe`. */
export async function placeInside(root: string, relativePath: string): Promise<string> {
  const problem = pathProblem(relativePath);
  if (problem !== null) throw new Failed('disk/unsafe', `${problem}: ${JSON.stringify(relativePath)}`);
  const realRoot = await realpath(root);
  await ensureFolder(realRoot, dirname(relativePath));
  return join(root, relativePath);
}

/** One call where the folder is there already; else its parent first, so that nothing is ever created through a link. */
async function ensureFolder(realRoot: string, folder: string): Promise<void> {
  if (folder === '.' || (await isRealFolder(realRoot, folder))) return;
  await ensureFolder(realRoot, dirname(folder));
  try {
    await mkdir(join(realRoot, folder), { mode: 0o755 });
  } catch (error) {
    // Two files of one new folder may be created at the same time; what the other one made is looked at like any folder.
    if (!hasCode(error, 'EEXIST') || !(await isRealFolder(realRoot, folder))) throwTaken(error, folder);
  }
}

/** False when nothing is there; throws `disk/unsafe` when the way to it passes through a link. */
async function isRealFolder(realRoot: string, folder: string): Promise<boolean> {
  const wanted = join(realRoot, folder);
  const real = await realpath(wanted).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    return throwTaken(error, folder);
  });
  if (real === null) return false;
  if (real.normalize('NFC') !== wanted.normalize('NFC')) throw new Failed('disk/unsafe', `a link on the way to ${JSON.stringify(folder)}`);
  return true;
}

function throwTaken(error: unknown, name: string): never {
  if (!hasCode(error, 'EEXIST', 'ELOOP', 'ENOTDIR')) throw error;
  throw new Failed('disk/unsafe', `something else stands at ${JSON.stringify(name)}`, { cause: error });
}
