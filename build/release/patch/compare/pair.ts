/**
 * Which old file a new one most likely comes from. The same path, when it is there; else the old file that shares most with it.
 *
 * Two files are compared by sketches: both are cut where their own bytes say so, every piece is hashed, and the smallest hashes are
 * kept (A. Broder, 'On the resemblance and containment of documents', 1997). So renamed and edited files find each other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../../../src/updater/model/job.ts';
import type { TreeFile } from '../../../../src/updater/model/tree.ts';

/** Files of one tree in their folder. */
export interface FolderFiles {
  readonly folder: string;
  readonly files: readonly TreeFile[];
}

const largestSketched = 256 * 1024 ** 2;
const smallestSketched = 64;
const sketchHashes = 256;
const pieceBytes = 32;
// A pair without a common name has to share this part of the smaller sketch; one that shares less than the other is not compared.
const leastShared = 0.2;
const leastCommon = 0.01;

/** Returns, by path of the new file, the old file that shares most with it; nothing for those that share little with any. */
export async function similarFiles(before: FolderFiles, after: FolderFiles, job: Job): Promise<ReadonlyMap<string, TreeFile>> {
  const found = new Map<string, TreeFile>();
  if (before.files.length === 0) return found;
  const index = await indexOf(before, job);
  for (const file of after.files) {
    const best = mostShared(await sketchOf(after.folder, file, job), index);
    if (best !== null) found.set(file.path, best);
  }
  return found;
}

/** Whether two files have anything in common worth looking for; bsdiff takes microseconds for each byte that it does not find. */
export async function haveCommon(
  before: { folder: string; file: TreeFile },
  after: { folder: string; file: TreeFile },
  job: Job,
): Promise<boolean> {
  const known = new Set(await sketchOf(before.folder, before.file, job));
  const sketch = await sketchOf(after.folder, after.file, job);
  return sketch.filter((hash) => known.has(hash)).length > leastCommon * Math.min(known.size, sketch.length);
}

interface Sketched {
  readonly file: TreeFile;
  readonly hashes: number;
}

async function indexOf({ folder, files }: FolderFiles, job: Job): Promise<ReadonlyMap<number, readonly Sketched[]>> {
  const index = new Map<number, Sketched[]>();
  for (const file of files) {
    const sketch = await sketchOf(folder, file, job);
    const sketched = { file, hashes: sketch.length };
    for (const hash of sketch) index.set(hash, [...(index.get(hash) ?? []), sketched]);
  }
  return index;
}

function mostShared(sketch: readonly number[], index: ReadonlyMap<number, readonly Sketched[]>): TreeFile | null {
  const counts = new Map<Sketched, number>();
  for (const hash of sketch) for (const sketched of index.get(hash) ?? []) counts.set(sketched, (counts.get(sketched) ?? 0) + 1);
  let [best, bestShare]: [TreeFile | null, number] = [null, leastShared];
  for (const [{ file, hashes }, count] of counts) {
    const share = count / Math.min(hashes, sketch.length);
    if (share > bestShare) [best, bestShare] = [file, share];
  }
  return best;
}

async function sketchOf(folder: string, file: TreeFile, job: Job): Promise<readonly number[]> {
  job.signal.throwIfAborted();
  if (file.size < smallestSketched || file.size > largestSketched) return [];
  const hashes = new Set(pieceHashes(await readFile(join(folder, file.path))));
  return [...hashes].toSorted((a, b) => a - b).slice(0, sketchHashes);
}

/** FNV-1a over pieces that end where four bytes in a row say so: about 32 bytes each, wherever they lie in the file. Of a big file only small hashes. */
function pieceHashes(bytes: Buffer): number[] {
  const hashes: number[] = [];
  const bound = 2 ** 32 * Math.min(1, (64 * sketchHashes * pieceBytes) / bytes.length);
  let [hash, recent] = [0x811c9dc5, 0];
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193);
    recent = (recent << 8) | byte;
    if (Math.imul(recent, 0x9e3779b1) >>> 27 !== 0) continue;
    if (hash >>> 0 < bound) hashes.push(hash >>> 0);
    hash = 0x811c9dc5;
  }
  return [...hashes, hash >>> 0];
}
