/** Which form carries one file in the fewest bytes. */
import assert from 'node:assert';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failed } from '../../../../src/updater/model/failure.ts';
import { patchLimits, type PatchForm } from '../../../../src/updater/model/patch.ts';
import type { TreeFile } from '../../../../src/updater/model/tree.ts';
import { quickLevel } from './compress.ts';
import type { Triple } from '../compare/control.ts';
import { encodeSparse, encodeText, usualShortest } from './encode.ts';

/** The columns of one file in one form. */
export interface Candidate {
  readonly form: PatchForm;
  readonly columns: readonly Buffer[];
}

/** Compresses at a level; may remember. */
export type Compress = (plain: Buffer, level: number) => Promise<Buffer>;

// A high level makes at best this much of what a quick one makes; what is further behind is not tried.
const hopeless = 3;
// How short a range may be and still be taken from the old file: which length is best differs from file to file by up to 15 %, and a
// quick level tells it as well as a high one. Of a big file only the usual one is tried.
const triedShortest = [8, 12, usualShortest, 32];
const manyTriedBytes = 16 * 1024 ** 2;
// What a stream costs in the header.
const streamBytes = 12;

/** Returns the smallest of the forms at `level`, `whole` when others are no smaller; `pair` is null where nothing leads from an old file. */
export async function chooseForm(
  after: Buffer,
  pair: { readonly before: Buffer; readonly control: readonly Triple[]; readonly predicted: readonly Buffer[] | null } | null,
  { compress, level }: { readonly compress: Compress; readonly level: number },
): Promise<Candidate> {
  const whole: Candidate = { form: 'whole', columns: [after] };
  if (pair === null) return whole;
  const lengths = after.length > manyTriedBytes ? [usualShortest] : triedShortest;
  const quickSize = async (candidate: Candidate): Promise<number> => sizeOf(candidate, compress, quickLevel);
  const candidates: Candidate[] = [
    whole,
    await smallest(
      lengths.map((shortest) => ({ form: 'text', columns: encodeText({ ...pair, after }, shortest) })),
      quickSize,
    ),
    await smallest(
      lengths.map((shortest) => ({ form: 'sparse', columns: encodeSparse({ ...pair, after }, shortest) })),
      quickSize,
    ),
    ...(pair.predicted === null ? [] : [{ form: 'predicted' as const, columns: pair.predicted }]),
  ];
  const quick = await Promise.all(candidates.map(quickSize));
  const finalists = candidates.filter((_, i) => (quick[i] ?? 0) <= hopeless * Math.min(...quick));
  if (finalists.length === 1) return finalists[0] ?? whole;
  return smallest(finalists, async (candidate) => sizeOf(candidate, compress, level));
}

/** The first of the smallest. */
async function smallest(candidates: readonly Candidate[], size: (candidate: Candidate) => Promise<number>): Promise<Candidate> {
  const sizes = await Promise.all(candidates.map(size));
  const found = candidates[sizes.indexOf(Math.min(...sizes))];
  assert(found !== undefined, 'there is at least one candidate');
  return found;
}

/** Reads a file of a tree; throws `disk/unsafe` when it is no longer the one that the tree lists. */
export async function readListed(folder: string, file: TreeFile): Promise<Buffer> {
  const bytes = await readFile(join(folder, file.path));
  if (hash('sha256', bytes) !== file.sha256) throw new Failed('disk/unsafe', `${file.path} changed while the patch was made`);
  return bytes;
}

async function sizeOf({ columns }: Candidate, compress: Compress, level: number): Promise<number> {
  const frames = columns.flatMap((column) => cut(column));
  const packed = await Promise.all(frames.map(async (frame) => (await compress(frame, level)).length));
  return packed.reduce((sum, size) => sum + size + streamBytes, 0);
}

function cut(column: Buffer): Buffer[] {
  const count = Math.ceil(column.length / patchLimits.frameBytes);
  return Array.from({ length: count }, (_, i) => column.subarray(i * patchLimits.frameBytes, (i + 1) * patchLimits.frameBytes));
}
