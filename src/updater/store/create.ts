/**
 * Making a snapshot, while programs may be writing. In this order: every content becomes an object, the objects' folders are synced,
 * the record is written. Until then there is no snapshot; a failure of any item takes back the objects that were new, and a kill
 * leaves objects that no record names. Under the lock of the root.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, removeTree } from '../disk/atomic.ts';
import { hashFile } from '../disk/hash.ts';
import type { KeptFile, KeptProgram, Snapshot } from '../model/application/snapshot.ts';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import { timeText } from '../model/parse.ts';
import { treeLimits, type TreeFile } from '../model/tree.ts';
import { collect, stampNow, type Collection, type Item, type Subject } from './collect.ts';
import { copyDatabase } from './database.ts';
import { inLanes } from './lanes.ts';
import { hasObject, keepFile, removeObject, settleObjects, type Content } from './objects.ts';
import { mayStand, nextId, writeSnapshot, type Store } from './records.ts';
import { readSeen, writeSeen, type Seen, type Sight } from './seen.ts';

/** What a snapshot says about where it comes from. */
export type Facts = Omit<Snapshot, 'schema' | 'id' | 'createdAt' | 'pinned' | 'folders' | 'files' | 'program' | 'size' | 'checksum'>;

/** What to keep: the data; the files of the version too where `program` names them; everything read anew where `rehash` says so. */
export interface Wish {
  readonly facts: Facts;
  readonly subject: Subject;
  readonly program: ({ readonly folder: string; readonly files: readonly TreeFile[] } & Omit<KeptProgram, 'files'>) | null;
  readonly rehash: boolean;
  readonly now: Date;
}

/** How often something that keeps changing is looked at again before the snapshot fails, and how long a locked database is waited for. */
const tries = 5;
const databaseWaitMs = 10_000;

/** Makes a snapshot and returns its record; reports step 'build' in bytes. Throws `disk/busy` for what is locked or never rests, `disk/unsafe` for what cannot be kept. Atomic: the record. */
export async function createSnapshot(store: Store, wish: Wish, job: Job): Promise<Snapshot> {
  const beganAtMs = Date.now();
  await mkdir(store.objects, { recursive: true, mode: 0o700 });
  await mkdir(store.snapshots, { recursive: true, mode: 0o700 });
  const seen = wish.rehash ? {} : await readSeen(store.snapshots);
  const fresh: string[] = [];
  const kept: Content[] = [];
  const id = await nextId(store.snapshots);
  try {
    const { sights, folders, modes } = await keepData({ store, wish, seen, fresh, kept }, job);
    const program = wish.program === null ? null : await keepProgram(wish.program, { store, fresh, kept }, job);
    // What was as before rests on objects that were synced then.
    await settleObjects(store.objects, kept);
    job.signal.throwIfAborted();
    const files = sights.map(({ path, content }): KeptFile => ({ path, ...content, mode: modes.get(path) ?? 'file' }));
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const made = { schema: 1, id, createdAt: timeText(wish.now), pinned: false } as const;
    const snapshot = await writeSnapshot(store.snapshots, { ...wish.facts, ...made, folders: [...folders], files, program, size });
    // That is only for speed: a snapshot that stands does not fail for it.
    await writeSeen(store.snapshots, { before: seen, sights, beganAtMs }).catch(() => undefined);
    return snapshot;
  } catch (error) {
    await takeBack(fresh, { store, id });
    throw error;
  }
}

/** A full disk gets back what a failed snapshot took; what cannot be removed now is named by nobody and goes later. The record may stand though writing it failed: then its objects stay. */
async function takeBack(fresh: readonly string[], { store, id }: { readonly store: Store; readonly id: string }): Promise<void> {
  if (await mayStand(store.snapshots, id)) return;
  for (const sha256 of fresh) await removeObject(store.objects, sha256).catch(() => undefined);
}

interface Making {
  readonly store: Store;
  readonly wish: Wish;
  readonly seen: Seen;
  /** The objects that were not there before, and all contents whose objects were looked at. */
  readonly fresh: string[];
  readonly kept: Content[];
}

type Keeping = Pick<Making, 'store' | 'fresh' | 'kept'>;

interface Kept {
  readonly sights: readonly Sight[];
  readonly folders: readonly string[];
  readonly modes: ReadonlyMap<string, KeptFile['mode']>;
}

/** Keeps everything. What went away meanwhile may stand there under another name now, so then the names are read again. */
async function keepData(making: Making, job: Job): Promise<Kept> {
  const { subject } = making.wish;
  const isKnown = (path: string, { text }: { text: string }): boolean =>
    making.seen[path]?.kind === 'file' && making.seen[path].stamp === text;
  for (let round = 0; round < tries; round += 1) {
    const found = await collect(subject, isKnown, job);
    if (found.items.length > treeLimits.entries)
      throw new Failed('disk/unsafe', `${subject.folder} has more than ${treeLimits.entries} files`);
    const sights = await keepAll(found, making, job);
    const modes = new Map(found.items.map(({ path, mode }) => [path, mode]));
    const all = sights.filter((sight) => sight !== null);
    if (all.length === sights.length) return { sights: all, folders: found.folders, modes };
  }
  throw new Failed('disk/busy', `files come and go in ${subject.folder}`);
}

async function keepAll({ items }: Collection, making: Making, job: Job): Promise<readonly (Sight | null)[]> {
  const totalBytes = items.reduce((sum, { size }) => sum + size, 0);
  const sights: (Sight | null)[] = [];
  let doneBytes = 0;
  await inLanes(items.entries(), async ([index, item]) => {
    job.signal.throwIfAborted();
    sights[index] = asBefore(item, making) ?? (await keepItem(item, making, job));
    doneBytes += item.size;
    job.report({ step: 'build', doneBytes, totalBytes });
  });
  return sights;
}

/** The content that the last snapshot kept for an unchanged item, where its object still stands. */
function asBefore({ path, kind, stamp }: Item, { seen, store }: Making): Sight | null {
  const before = seen[path];
  if (before === undefined || before.kind !== kind || before.stamp !== stamp.text) return null;
  const content = { size: before.size, sha256: before.sha256 };
  return hasObject(store.objects, content.sha256) ? { path, kind, stamp, content } : null;
}

/** Null when it went away. */
async function keepItem(item: Item, making: Making, job: Job): Promise<Sight | null> {
  const { folder } = making.wish.subject;
  const from = join(folder, item.path);
  for (let round = 0; round < tries; round += 1) {
    const stamp = stampNow(folder, item);
    if (stamp === null) return null;
    const content = item.kind === 'database' ? await keepDatabase(from, making, job) : await keepPlain(from, making, job);
    const after = stampNow(folder, item);
    // A database's copy is of one moment whatever is written meanwhile; a file's is only when nothing was.
    const isOneMoment = after?.text === stamp.text;
    if (content !== null && isOneMoment) return { path: item.path, kind: item.kind, stamp, content };
    if (content !== null && item.kind === 'database') return { path: item.path, kind: item.kind, stamp: never, content };
  }
  throw new Failed('disk/busy', `${from} is written to all the time`);
}

/** The stamp of what may have changed already. */
const never = { text: '', changedAtMs: Number.POSITIVE_INFINITY };

/** Null when it changed in between or went away. */
async function keepPlain(path: string, keeping: Keeping, job: Job): Promise<Content | null> {
  try {
    const content = await hashFile(path, job);
    return (await keepNoted({ path, content }, keeping, job)) ? content : null;
  } catch (error) {
    // Who writes whole files replaces them: the next round sees what stands there then.
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function keepDatabase(from: string, keeping: Keeping, job: Job): Promise<Content | null> {
  const folder = join(keeping.store.objects, `.moult-new-${randomBytes(8).toString('hex')}`);
  await mkdir(folder, { mode: 0o700 });
  try {
    const copy = join(folder, 'copy');
    await copyDatabase({ from, to: copy, waitMs: databaseWaitMs }, job);
    return await keepPlain(copy, keeping, job);
  } finally {
    await removeTree(folder);
  }
}

/** Keeps a content and notes its object. */
async function keepNoted(from: { path: string; content: Content }, { store, fresh, kept }: Keeping, job: Job) {
  const { sha256 } = from.content;
  if (!hasObject(store.objects, sha256)) fresh.push(sha256);
  kept.push(from.content);
  return keepFile(store.objects, from, job);
}

async function keepProgram(program: NonNullable<Wish['program']>, keeping: Keeping, job: Job): Promise<KeptProgram> {
  const { folder, files, manifestSha256, floor } = program;
  await inLanes(files, async ({ path, size, sha256 }) => {
    const isKept = await keepNoted({ path: join(folder, path), content: { size, sha256 } }, keeping, job);
    if (!isKept) throw new Failed('build/base', `${path} of the version is damaged and cannot be kept`);
  });
  return { manifestSha256, floor, files: files.map(({ path, size, sha256, mode }) => ({ path, size, sha256, mode })) };
}
