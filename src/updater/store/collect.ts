/**
 * What of an epoch goes into a snapshot: every plain file below the named folders, without caches, locks, and the companions of
 * databases, which are part of the database. Anything that cannot be kept fails the whole (`disk/unsafe`), so nothing is silently missing.
 */
import { constants, lstatSync, type BigIntStats } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, isLeftover } from '../disk/atomic.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { TreeFile } from '../model/tree.ts';

/** What to collect: `folders`, `caches` and `databases` are paths below `folder`. */
export interface Subject {
  readonly folder: string;
  readonly folders: readonly string[];
  readonly caches: readonly string[];
  readonly databases: readonly string[];
}

/** One thing to keep. A database counts with its write-ahead log: `stamp` changes whenever either does. */
export interface Item {
  readonly path: string;
  readonly kind: 'file' | 'database';
  readonly size: number;
  readonly mode: TreeFile['mode'];
  readonly stamp: Stamp;
}

/** What tells a changed file without reading it: sizes, times in nanoseconds, inode, and the youngest of these times in milliseconds. */
export interface Stamp {
  readonly text: string;
  readonly changedAtMs: number;
}

/** What was found, by path; `folders` are those with nothing in them that is kept. */
export interface Collection {
  readonly items: readonly Item[];
  readonly folders: readonly string[];
}

/** Lists what there is to keep, sorted by path. The first bytes of files that `isKnownFile` does not vouch for are read, to tell databases. */
export async function collect(subject: Subject, isKnownFile: (path: string, stamp: Stamp) => boolean, job: Job): Promise<Collection> {
  const files: Found[] = [];
  const folders: string[] = [];
  for (const folder of subject.folders) await walk(folder, { subject, files, folders, signal: job.signal });
  const doubtful = files.filter(({ path, stats }) => !isKnownFile(path, stampOf([stats])));
  const databases = await findDatabases(subject, doubtful);
  const companions = new Set([...databases].flatMap((path) => companionEndings.map((ending) => `${path}${ending}`)));
  const kept = files.filter(({ path }) => !companions.has(path));
  const items = kept.map((found) => itemOf(subject.folder, found, databases.has(found.path)));
  const parents = new Set([...items.map(({ path }) => path), ...folders].map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  return { items: items.toSorted(byPath), folders: folders.filter((path) => !parents.has(path)).toSorted() };
}

/** The stamp that an item has now; null when it is gone. */
export function stampNow(folder: string, { path, kind }: Pick<Item, 'path' | 'kind'>): Stamp | null {
  const stats = statOf(join(folder, path));
  return stats?.isFile() === true ? stampWithLog(folder, { path, stats }, kind) : null;
}

/** What SQLite keeps beside a database: they are copied through it, or not at all. */
const companionEndings = ['-wal', '-shm', '-journal'] as const;

interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}

interface Walk {
  readonly subject: Subject;
  readonly files: Found[];
  readonly folders: string[];
  readonly signal: AbortSignal;
}

async function walk(path: string, into: Walk): Promise<void> {
  into.signal.throwIfAborted();
  const stats = statOf(join(into.subject.folder, path));
  if (stats === undefined || into.subject.caches.includes(path)) return;
  if (stats.isDirectory()) {
    into.folders.push(path);
    for (const name of await namesOf(join(into.subject.folder, path))) if (!isLeftOut(name)) await walk(`${path}/${name}`, into);
    return;
  }
  const why = oddity(stats);
  if (why !== null) throw new Failed('disk/unsafe', `${JSON.stringify(path)} is ${why} and cannot be kept`);
  into.files.push({ path, stats });
}

/** Nobody but the lock opens a lock, and what a killed replacement left is nothing. */
function isLeftOut(name: string): boolean {
  return name.toLowerCase() === 'lock.db' || isLeftover(name);
}

function oddity(stats: BigIntStats): string | null {
  if (stats.isSymbolicLink()) return 'a link';
  if (!stats.isFile()) return 'neither a file nor a folder';
  return (stats.mode & 0o7000n) === 0n ? null : 'a file with special rights';
}

/** A name that is not UTF-8 would come out as another one. */
async function namesOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { encoding: 'buffer' }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.map((bytes) => {
    const name = bytes.toString('utf8');
    if (!Buffer.from(name).equals(bytes)) throw new Failed('disk/unsafe', `a name in ${folder} is not UTF-8: ${JSON.stringify(name)}`);
    return name;
  });
}

async function findDatabases({ folder, databases }: Subject, files: readonly Found[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const { path, stats } of files) {
    if (stats.size > 0n && (databases.includes(path) || (await beginsAsDatabase(join(folder, path))))) found.add(path);
  }
  return found;
}

const databaseMagic = Buffer.from('SQLite format 3\0');

async function beginsAsDatabase(path: string): Promise<boolean> {
  const opened = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(nullIfAbsent);
  if (opened === null) return false;
  await using file: FileHandle = opened;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(databaseMagic.length), 0, databaseMagic.length, 0);
  return bytesRead === databaseMagic.length && buffer.equals(databaseMagic);
}

function itemOf(folder: string, { path, stats }: Found, isDatabase: boolean): Item {
  const kind = isDatabase ? 'database' : 'file';
  const stamp = stampWithLog(folder, { path, stats }, kind);
  return { path, kind, size: Number(stats.size), mode: (stats.mode & 0o100n) === 0n ? 'file' : 'program', stamp };
}

function stampWithLog(folder: string, { path, stats }: Found, kind: Item['kind']): Stamp {
  const log = kind === 'database' ? statOf(join(folder, `${path}-wal`)) : undefined;
  return stampOf(log === undefined ? [stats] : [stats, log]);
}

function stampOf(all: readonly BigIntStats[]): Stamp {
  const text = all.map(({ size, mtimeNs, ctimeNs, ino }) => `${size} ${mtimeNs} ${ctimeNs} ${ino}`).join(' ');
  return { text, changedAtMs: Math.max(...all.map(({ mtimeMs, ctimeMs }) => Math.max(Number(mtimeMs), Number(ctimeMs)))) };
}

/** Without waiting: a system call costs less than a promise. */
function statOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function nullIfAbsent(error: unknown): null {
  if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
  throw error;
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}
