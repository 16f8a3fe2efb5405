/**
 * A file that is rebuilt from ranges of an old one and from the patch.
 *
 * The old file is not hashed beforehand: a wrong one shows in the result, and only then is asked which of the two was wrong.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hashFile } from '../../disk/hash.ts';
import { createInside } from '../../disk/inside.ts';
import { Failed } from '../../model/failure.ts';
import { quietJob } from '../../model/job.ts';
import type { Body } from '../body.ts';
import { OldFile } from '../forms/old-file.ts';
import { piecesOf, requireSound } from '../forms/pieces.ts';
import type { Done, Rebuild } from './work.ts';

const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Makes one file below `to` and syncs it; nothing is created when the recipe is not sound. Throws `build/invalid`, `build/base`, `build/hash`. */
export async function makeRebuild(task: Rebuild, { to, body }: { to: string; body: Body }, done: Done): Promise<void> {
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
