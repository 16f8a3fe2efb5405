/**
 * Making files of a new tree: runs in worker threads when there is much of it, else where it is called.
 *
 * Every byte that is written is hashed on its way, and a file counts only when its digest is the expected one. The old file is not
 * hashed beforehand: a wrong one shows in the result, and only then is asked which of the two was wrong.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, writeSync } from 'node:fs';
import { chmod, open, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cloneFile, type CloneWay } from '../disk/clone.ts';
import { hashFile } from '../disk/hash.ts';
import { createInside, placeInside } from '../disk/inside.ts';
import { Failed } from '../model/failure.ts';
import { quietJob } from '../model/job.ts';
import type { TreeFile } from '../model/tree.ts';
import { Body } from './body.ts';
import { OldFile } from './forms/old-file.ts';
import { piecesOf, requireSound, type Recipe } from './forms/pieces.ts';

/** A file that is taken unchanged from `from` (an absolute path). */
export interface Clone {
  readonly kind: 'clone';
  readonly from: string;
  readonly file: TreeFile;
}

/** A file that is made from a recipe, and from the old file at the absolute path `from` where the recipe takes ranges of one. */
export interface Rebuild {
  readonly kind: 'rebuild';
  readonly from: { readonly path: string; readonly size: number; readonly sha256: string } | null;
  readonly recipe: Recipe;
  readonly file: TreeFile;
}

/** Some files of the tree in the folder `to`, with the patch file that recipes refer to. */
export interface BuildTask {
  readonly to: string;
  readonly body: string;
  readonly files: readonly (Clone | Rebuild)[];
}

const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW;
const readBytes = 1024 ** 2;

/**
 * Makes and syncs the files of one task; `done` hears of every piece and may throw to stop. What was written of a file that
 * failed stays behind. Throws `build/invalid`, `build/base`, `build/hash`, `disk/unsafe`.
 */
export async function work(task: BuildTask, done: (bytes: number) => void): Promise<null> {
  await using patch = await open(task.body, readOnly);
  using body = new Body(patch.fd);
  let way: CloneWay = 'reflink';
  for (const file of task.files) {
    if (file.kind === 'clone') way = await makeClone(file, { to: task.to, way }, done);
    else await makeRebuild(file, { to: task.to, body }, done);
  }
  return null;
}

async function makeClone(
  { from, file }: Clone,
  { to, way }: { to: string; way: CloneWay },
  done: (bytes: number) => void,
): Promise<CloneWay> {
  const path = await placeInside(to, file.path);
  const used = await cloneFile(from, path, way);
  await chmod(path, file.mode === 'program' ? 0o755 : 0o644);
  await using copy = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(readBytes, file.size)));
  for (let size = 0; ;) {
    const { bytesRead } = await copy.read(buffer, 0, buffer.length, size);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    size += bytesRead;
    done(bytesRead);
  }
  if (hash.digest('hex') !== file.sha256) throw new Failed('build/base', `the old file ${from} is damaged`);
  await copy.sync();
  return used;
}

async function makeRebuild(task: Rebuild, { to, body }: { to: string; body: Body }, done: (bytes: number) => void): Promise<void> {
  const { file, recipe } = task;
  await using opened = await openOld(task);
  requireSound(recipe, body, opened.old);
  await using output = await createInside(to, file.path, file.mode);
  const hash = createHash('sha256');
  let position = 0;
  for (const piece of piecesOf(recipe, body, opened.old)) {
    writePiece(output, piece, position);
    hash.update(piece);
    position += piece.length;
    done(piece.length);
    await nextTurn();
  }
  await requireResult(task, hash, position);
  await output.sync();
}

async function openOld({ from }: Rebuild): Promise<{ readonly old: OldFile | null } & AsyncDisposable> {
  if (from === null) return { old: null, [Symbol.asyncDispose]: () => Promise.resolve() };
  const handle = await open(from.path, readOnly);
  const { size } = await handle.stat();
  if (size === from.size) return { old: new OldFile(handle.fd, size), [Symbol.asyncDispose]: () => handle.close() };
  await handle.close();
  throw new Failed('build/base', `the old file ${from.path} has ${size} bytes, not ${from.size}`);
}

/** Synchronous: a file of pieces is bound by hashing, and a turn through the thread pool for each would cost more than the write. */
function writePiece(output: FileHandle, piece: Buffer, position: number): void {
  for (let done = 0; done < piece.length;) done += writeSync(output.fd, piece, done, piece.length - done, position + done);
}

async function requireResult({ file, from }: Rebuild, hash: Hash, size: number): Promise<void> {
  if (size === file.size && hash.digest('hex') === file.sha256) return;
  if (from !== null && (await hashFile(from.path, quietJob())).sha256 !== from.sha256)
    throw new Failed('build/base', `the old file ${from.path} is damaged`);
  throw new Failed('build/hash', `${file.path} did not become what the release promises`);
}
