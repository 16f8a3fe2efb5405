/**
 * A patch as a command uses it: on files or folders, without a manifest that says what comes out.
 *
 * A single file is a tree of one file, whose name in the patch says nothing about its name on disk.
 */
import { lstat, mkdtemp, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { removeTree, syncFolder } from '../disk/atomic.ts';
import { hashFile } from '../disk/hash.ts';
import { scanTree } from '../disk/scan.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { PatchHeader } from '../model/patch.ts';
import { emptyTree, type Tree } from '../model/tree.ts';
import { buildFrom } from './apply.ts';
import { requireIntact } from './body.ts';
import { fixedBytes, readHeader, readHeaderSize, type PatchFile } from './container.ts';
import { resultTree } from './plan.ts';

/** The name of a single file in a patch. */
export const singleName = 'content';

/** Paths: what to begin with (a file, a folder, or null for nothing), the patch, and what comes out, which must not exist yet. */
export interface Application {
  readonly old: string | null;
  readonly patch: string;
  readonly out: string;
}

/** Reads the header of a patch file that nobody has to vouch for, and checks that the file is as long as the header says; throws `build/invalid`. */
export async function openPatch(path: string): Promise<PatchFile> {
  await using file = await open(path);
  const { size } = await file.stat();
  const headerSize = readHeaderSize(await readStart(file, Math.min(size, fixedBytes)));
  const patch = readHeader(await readStart(file, Math.min(size, headerSize)), { allowUnsigned: true });
  if (size !== headerSize + patch.header.bodySize)
    throw new Failed('build/invalid', `the patch has ${size} bytes, not what its header says`);
  return patch;
}

/** Applies a patch to a file or folder and returns the tree that came out; atomic. Throws like `buildTree`, and `usage/wrong` when `out` exists. */
export async function applyPatchFile({ old, patch: path, out }: Application, job: Job): Promise<Tree> {
  if (await exists(out)) throw new Failed('usage/wrong', `${out} exists already`);
  const patch = await openPatch(path);
  await requireWhole(path, patch, job);
  const isFile = old !== null && (await lstat(old)).isFile();
  const base = isFile ? await singleTree(old, patch.header, job) : await folderTree(old, job);
  const expected = resultTree(patch.header, base);
  const to = await mkdtemp(join(dirname(resolve(out)), '.moult-apply-'));
  try {
    await buildFrom({ patch, body: path, old: base, to, expected }, (file) => (isFile ? old : join(old ?? to, file)), job);
    await rename(isFile && isSingle(expected) ? join(to, singleName) : to, out);
    await syncFolder(dirname(resolve(out)));
  } finally {
    await removeTree(to);
  }
  return expected;
}

/** Whether a tree is a file on its own. */
function isSingle(tree: Tree): boolean {
  return tree.files.length === 1 && tree.links.length === 0 && tree.files[0]?.path === singleName;
}

/** Here nobody vouches for the header, so that the whole body has to be the one that it names. */
async function requireWhole(path: string, { header, headerSize }: PatchFile, job: Job): Promise<void> {
  await using file = await open(path);
  const body = { offset: headerSize, size: header.bodySize, plainSize: header.bodySize, sha256: header.patchChecksum };
  await requireIntact(file, [body], job);
}

async function folderTree(folder: string | null, job: Job): Promise<Tree> {
  return folder === null ? emptyTree : scanTree(folder, job);
}

/**
 * The old file as the patch expects it. When it is rebuilt from, it is not hashed now: the result says whether it was the right one.
 * Whether an old file on its own may be executed is not part of what a patch begins with.
 */
async function singleTree(path: string, { entries }: PatchHeader, job: Job): Promise<Tree> {
  const entry = entries.find(({ op, path }) => op === 'patch' && path === singleName);
  const { size } = await lstat(path);
  const sha256 = entry?.op === 'patch' ? entry.sha256From : (await hashFile(path, job)).sha256;
  return { files: [{ path: singleName, size, sha256, mode: 'file', part: 'app' }], links: [] };
}

async function readStart(file: FileHandle, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return bytes.subarray(0, bytesRead);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
