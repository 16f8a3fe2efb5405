/**
 * One writer at a time: an open exclusive SQLite transaction on an empty `lock.db`, which is a kernel lock.
 *
 * It survives a stopped process and is gone with a killed one; there is nothing to clean up and no time to compare. The trap of
 * POSIX locks: when this process opens and closes the same file anywhere else, the lock is silently gone. So no other file opens
 * a `lock.db`, every walk leaves it unread, and `stillHeld` is asked again before each rename.
 */
import { accessSync, closeSync, constants, lstatSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import { hasCode } from './atomic.ts';

/** A lock that is held until it is disposed of or its process ends. */
export interface Lock {
  /** Whether the lock is really still there: the file at its path is the one that was locked and, where Linux shows it, the kernel still holds it. */
  stillHeld(): boolean;
}

const pollMs = 50;

/**
 * Takes the lock at `path` (a file named `lock.db` in an existing folder, created when missing), waiting up to `waitMs`. Throws
 * `disk/busy` when another still holds it, `disk/denied` (or EACCES) when this user may not write it, `disk/unsafe` when it is no plain file.
 */
export async function takeLock(path: string, { waitMs }: { readonly waitMs: number }, job: Job): Promise<Lock & AsyncDisposable> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    job.signal.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== null) return lock;
    if (performance.now() >= deadline) throw new Failed('disk/busy', `${path} is held by another process`);
    await sleep(pollMs, undefined, { signal: job.signal });
  }
}

/** One try; null when it is held, by another process or another part of this one, or was exchanged meanwhile. */
function tryLock(path: string): (Lock & AsyncDisposable) | null {
  const before = identityOf(path);
  // What may not be written SQLite opens for reading, and then its exclusive transaction excludes nobody.
  if (before === null) createEmpty(path);
  else accessSync(path, constants.W_OK);
  const database = new Database(path, { timeout: 0 });
  let held = false;
  try {
    // Without this a killed holder would leave a journal beside the lock.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
    const identity = identityOf(path);
    held = identity !== null && (before === null || isSame(identity, before));
    return identity !== null && held ? holdLock(path, identity, database) : null;
  } catch (error) {
    return afterFailure(error, path);
  } finally {
    if (!held) database.close();
  }
}

/** SQLite would say that it cannot open what could not be created, whatever the reason. Nobody can hold a lock on what was not there. */
function createEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    // Another one was quicker.
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Which file stands at the path, without opening it; null when there is none. */
function identityOf(path: string): Identity | null {
  const found = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  if (found === undefined) return null;
  if (!found.isFile()) throw new Failed('disk/unsafe', `${path} is not a regular file`);
  return { dev: found.dev, ino: found.ino };
}

function isSame(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function holdLock(path: string, identity: Identity, database: Database.Database): Lock & AsyncDisposable {
  const isShown = kernelShows(identity);
  const stillHeld = (): boolean => {
    const now = identityOf(path);
    return database.open && now !== null && isSame(now, identity) && (!isShown || kernelShows(identity));
  };
  const release = async (): Promise<void> => {
    database.close();
  };
  return { stillHeld, [Symbol.asyncDispose]: release };
}

/** Whether Linux lists an exclusive lock of this process on that file. Some file systems never show theirs: then it says nothing. */
function kernelShows({ ino }: Identity): boolean {
  if (process.platform !== 'linux') return false;
  const lines = readFileSync('/proc/locks', 'utf8').split('\n');
  return lines.some((line) => line.includes(` WRITE ${process.pid} `) && line.includes(`:${ino} `));
}

function afterFailure(error: unknown, path: string): null {
  const code = error instanceof Database.SqliteError ? error.code : '';
  if (code.startsWith('SQLITE_BUSY')) return null;
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') return emptyDamaged(path);
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code)) throw new Failed('disk/denied', `${path} cannot be written`, { cause: error });
  if (code.startsWith('SQLITE_IOERR')) throw new Failed('disk/io', `${path} cannot be locked: ${code}`, { cause: error });
  throw error;
}

/** SQLite reads the content only once nobody holds the lock, so nobody loses anything when what is no database becomes empty, in place. */
function emptyDamaged(path: string): null {
  truncateSync(path);
  return null;
}
