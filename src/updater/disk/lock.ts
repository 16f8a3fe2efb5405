/**
 * One writer at a time: an open exclusive SQLite transaction on an empty `lock.db`, which is a kernel lock.
 *
 * It survives a stopped process and is gone with a killed one; there is nothing to clean up and no time to compare. The trap of
 * POSIX locks: when this process opens and closes the same file anywhere else, the lock is silently gone. So no other file opens
 * a `lock.db`, every walk leaves it out, and `stillHeld` is asked again before each rename.
 */
import { lstat } from 'node:fs/promises';
import { lstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import { hasCode } from './atomic.ts';

/** A lock that is held until it is disposed of or its process ends. */
export interface Lock {
  /** Whether the file that is locked is still the one at its path. */
  stillHeld(): boolean;
}

const pollMs = 50;

/** Takes the lock at `path` (a file named `lock.db`, created when missing), waiting up to `waitMs`; throws `disk/busy` when another still holds it. */
export async function takeLock(path: string, { waitMs }: { readonly waitMs: number }, job: Job): Promise<Lock & AsyncDisposable> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    job.signal.throwIfAborted();
    await refuseLink(path);
    const database = tryLock(path);
    if (database !== null) return holdLock(path, database);
    if (performance.now() >= deadline) throw new Failed('disk/busy', `${path} is held by another process`);
    await sleep(pollMs, undefined, { signal: job.signal });
  }
}

async function refuseLink(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (found !== null && !found.isFile()) throw new Failed('disk/unsafe', `${path} is not a regular file`);
}

function tryLock(path: string): Database.Database | null {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    // Held by another process, or by another part of this one.
    if (hasCode(error, 'SQLITE_BUSY')) return null;
    throw error;
  }
}

function holdLock(path: string, database: Database.Database): Lock & AsyncDisposable {
  const { ino, dev } = lstatSync(path);
  return {
    stillHeld: () => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return database.open && found?.ino === ino && found.dev === dev;
    },
    [Symbol.asyncDispose]: async () => {
      database.close();
    },
  };
}
