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

const largestSketched = 64 * 1024 ** 2;
const smallestSketched = 64;
const sketchHashes = 256;
// A pair has to share this part of the smaller sketch.
const leastShared = 0.2;

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

/** FNV-1a over pieces that end where four bytes in a row say so: about 32 bytes each, wherever they lie in the file. */
function pieceHashes(bytes: Buffer): Uint32Array {
  const hashes = new Uint32Array(bytes.length + 1);
  let [count, hash, recent] = [0, 0x811c9dc5, 0];
  for (const byte of bytes) {
    hash = Math.imul(hash ^ byte, 0x01000193);
    recent = (recent << 8) | byte;
    if (Math.imul(recent, 0x9e3779b1) >>> 27 !== 0) continue;
    hashes[count] = hash >>> 0;
    count += 1;
    hash = 0x811c9dc5;
  }
  hashes[count] = hash >>> 0;
  return hashes.subarray(0, count + 1);
}
