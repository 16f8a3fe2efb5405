/** The form `predicted` of one file: the guide to its old file, and the columns of `sparse` that lead from the predicted one to the new. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../../../src/updater/disk/hash.ts';
import type { Job } from '../../../../src/updater/model/job.ts';
import type { TreeFile } from '../../../../src/updater/model/tree.ts';
import { encodeSparse, type Pair } from '../carry/encode.ts';
import { diffPairs, type DiffFolders } from '../compare/diff.ts';
import { predictFile } from './predict.ts';

const predictedName = 'predicted';

/** Where the new file of a pair lies, who compares, and where what was found is kept. */
export interface NewFile extends Pick<DiffFolders, 'cache' | 'differ'> {
  readonly folder: string;
  readonly file: TreeFile;
}

/** Returns the nine columns; null for a pair of which nothing can be predicted. Diffs once more, which takes as long as the first time. */
export async function predictedColumns(pair: Pair, next: NewFile, job: Job): Promise<readonly Buffer[] | null> {
  const prediction = predictFile(pair.before, pair.after, pair.control);
  if (prediction === null) return null;
  const control = await diffAgain(prediction.predicted, next, job);
  if (control === null) return null;
  return [...prediction.guide, ...encodeSparse({ before: prediction.predicted, after: pair.after, control })];
}

async function diffAgain(predicted: Buffer, { folder, file, ...how }: NewFile, job: Job): Promise<Pair['control'] | null> {
  const scratch = await mkdtemp(join(tmpdir(), 'moult-predicted-'));
  try {
    await writeFile(join(scratch, predictedName), predicted);
    const before: TreeFile = { ...file, path: predictedName, size: predicted.length, sha256: sha256Hex(predicted) };
    const [control] = await diffPairs([{ before, after: file }], { ...how, before: scratch, after: folder }, job);
    return control ?? null;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
