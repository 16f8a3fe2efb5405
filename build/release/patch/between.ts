import { lstat, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hashFile } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import { treeProblem, type TreeFile } from '../../../src/updater/model/tree.ts';
import { singleName } from '../../../src/updater/patches/standalone.ts';
import { makePatch, type PatchInput, type VersionFolder } from './make.ts';
import type { MadePatch } from './write.ts';

/** Paths of two files or two folders; versions only label the patch. */
export interface Between extends Omit<PatchInput, 'old' | 'new'> {
  readonly old: string;
  readonly new: string;
  readonly versions: { readonly old: string; readonly new: string };
}

/** Makes the patch between two files or two folders on disk; throws `usage/wrong` when they are not two of a kind, `disk/unsafe` for what cannot stand in a tree. */
export async function makePatchBetween(between: Between, job: Job): Promise<MadePatch> {
  const [oldIsFile, newIsFile] = [await isFile(between.old), await isFile(between.new)];
  if (oldIsFile !== newIsFile) throw new Failed('usage/wrong', 'a patch leads from a file to a file, or from a folder to a folder');
  const { versions } = between;
  if (oldIsFile) return betweenFiles(between, job);
  const old = await folderOf(between.old, versions.old, job);
  return makePatch({ ...between, old, new: await folderOf(between.new, versions.new, job) }, job);
}

/** A file on its own stands in a folder of its own, under the name that every such file has in a patch. */
async function betweenFiles(between: Between, job: Job): Promise<MadePatch> {
  const scratch = await mkdtemp(join(tmpdir(), 'moult-patch-'));
  try {
    const [before, after] = [await mkdtemp(join(scratch, 'old-')), await mkdtemp(join(scratch, 'new-'))];
    await symlink(resolve(between.old), join(before, singleName));
    await symlink(resolve(between.new), join(after, singleName));
    const plain: TreeFile['mode'] = 'file';
    // Whether the old file may be executed is not part of what the patch begins with.
    const old = {
      folder: before,
      version: between.versions.old,
      tree: { files: [{ ...(await fileOf(between.old, job)), mode: plain }], links: [] },
    };
    const next = { folder: after, version: between.versions.new, tree: { files: [await fileOf(between.new, job)], links: [] } };
    return await makePatch({ ...between, old, new: next }, job);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  const found = await lstat(path);
  if (!found.isFile() && !found.isDirectory()) throw new Failed('usage/wrong', `${path} is neither a file nor a folder`);
  return found.isFile();
}

async function fileOf(path: string, job: Job): Promise<TreeFile> {
  const { mode } = await lstat(path);
  return { path: singleName, ...(await hashFile(path, job)), mode: (mode & 0o111) === 0 ? 'file' : 'program', part: 'app' };
}

async function folderOf(path: string, version: string, job: Job): Promise<VersionFolder> {
  const tree = await scanTree(path, job);
  const problem = treeProblem(tree);
  if (problem !== null) throw new Failed('disk/unsafe', `${path} cannot be a tree: ${problem}`);
  return { folder: path, tree, version };
}
