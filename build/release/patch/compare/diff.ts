/** How new files come from old ones, found in child processes; the answers for big files are kept in a cache folder. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBounded, replaceFile } from '../../../../src/updater/disk/atomic.ts';
import { besideModule } from '../../../../src/updater/disk/pool.ts';
import { Failed } from '../../../../src/updater/model/failure.ts';
import type { Job } from '../../../../src/updater/model/job.ts';
import type { TreeFile } from '../../../../src/updater/model/tree.ts';
import { soundControl, unpackControl, type Differ, type Triple } from './control.ts';
import { haveCommon } from './pair.ts';

/** An old and a new file of two trees. */
export interface FilePair {
  readonly before: TreeFile;
  readonly after: TreeFile;
}

/** Where the two trees and the cache lie, and who compares (`moult` unless said). */
export interface DiffFolders {
  readonly before: string;
  readonly after: string;
  readonly cache: string;
  readonly differ?: Differ;
}

// From here on a diff takes long enough to be kept and to look first whether there is anything in common, and enough memory to be made alone.
const cachedFromBytes = 1024 ** 2;
const aloneFromBytes = 16 * 1024 ** 2;
// Starting a process takes as long as comparing this many small files.
const worthAChild = 16;
const largestControl = 1024 ** 3;
// A differ that finds something else for the same files has another name in the cache.
const edition: Readonly<Record<Differ, string>> = { moult: 'moult-1', bsdiff: 'bsdiff' };

/** Returns control for each pair in the same order, null where none was found that is sound; throws `build/engine` when it cannot run. */
export async function diffPairs(
  pairs: readonly FilePair[],
  folders: DiffFolders,
  job: Job,
): Promise<readonly (readonly Triple[] | null)[]> {
  const results: (readonly Triple[] | null)[] = [];
  for (const pair of pairs) results.push(await readCached(pair, folders));
  const missing = results.flatMap((result, i) => (result === null ? [i] : []));
  await using scratch = await scratchFolder();
  const lane = async (queue: Iterable<number>): Promise<void> => {
    using child = startChild(job);
    for (const i of queue) {
      const pair = pairs[i];
      if (pair !== undefined) results[i] = await diffPair(pair, { folders, scratch: scratch.path, child: child.process }, job);
    }
  };
  const small = missing.filter((i) => !isBig(pairs[i])).values();
  const lanes = Math.min(availableParallelism(), Math.ceil(missing.length / worthAChild));
  await Promise.all(Array.from({ length: lanes }, () => lane(small)));
  const big = missing.filter((i) => isBig(pairs[i]));
  if (big.length > 0) await lane(big);
  return results;
}

function isBig(pair: FilePair | undefined): boolean {
  return pair !== undefined && pair.before.size + pair.after.size >= aloneFromBytes;
}

async function diffPair(
  pair: FilePair,
  { folders, scratch, child }: { folders: DiffFolders; scratch: string; child: ChildProcess },
  job: Job,
): Promise<readonly Triple[] | null> {
  const [before, after] = [
    { folder: folders.before, file: pair.before },
    { folder: folders.after, file: pair.after },
  ];
  if (pair.after.size >= cachedFromBytes && !(await haveCommon(before, after, job))) return null;
  const packed = await ask(child, {
    differ: folders.differ ?? 'moult',
    before: join(folders.before, pair.before.path),
    after: join(folders.after, pair.after.path),
    out: join(scratch, randomUUID()),
  });
  const control = soundControl(unpackControl(packed), pair.before.size, pair.after.size);
  if (control !== null && pair.before.size >= cachedFromBytes) {
    await mkdir(join(folders.cache, 'control'), { recursive: true });
    await replaceFile(cacheName(pair, folders), packed);
  }
  return control;
}

/** What is cached is believed only as far as it is sound; wrong control makes a patch bigger, never wrong. */
async function readCached(pair: FilePair, folders: DiffFolders): Promise<readonly Triple[] | null> {
  if (pair.before.size < cachedFromBytes) return null;
  const packed = await readBounded(cacheName(pair, folders), largestControl);
  return packed === null ? null : soundControl(unpackControl(packed), pair.before.size, pair.after.size);
}

function cacheName({ before, after }: FilePair, { cache, differ }: DiffFolders): string {
  return join(cache, 'control', `${before.sha256}..${after.sha256}-${edition[differ ?? 'moult']}`);
}

function startChild(job: Job): { readonly process: ChildProcess } & Disposable {
  // seek-bzip 2.0.0 still calls the old Buffer constructor; the warning about it is of no use to a release engineer.
  const child = fork(besideModule('./diff-child', import.meta.url), {
    execArgv: ['--no-deprecation'],
    serialization: 'advanced',
    signal: job.signal,
  });
  // Each question hears of it; between two questions nobody has to.
  child.on('error', () => undefined);
  return { process: child, [Symbol.dispose]: () => void child.kill() };
}

async function ask(child: ChildProcess, request: Readonly<Record<'differ' | 'before' | 'after' | 'out', string>>): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const leave = (): void => reject(new Failed('build/engine', 'the process that compares files ended by itself'));
  child.on('message', resolve).on('error', reject).on('exit', leave);
  try {
    child.send(request);
    return parseAnswer(await promise);
  } finally {
    child.off('message', resolve).off('error', reject).off('exit', leave);
  }
}

function parseAnswer(answer: unknown): Buffer {
  if (typeof answer === 'object' && answer !== null && 'control' in answer && answer.control instanceof Uint8Array)
    return Buffer.from(answer.control);
  throw new Failed('build/engine', `files could not be compared: ${JSON.stringify(answer)}`);
}

async function scratchFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'moult-diff-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
