/**
 * SQLite databases are never copied byte by byte, since a program may be writing: the copy is made by SQLite's backup, in ONE step.
 *
 * One step reads the state of one moment, with everything that is still in the write-ahead log, and keeps nobody from writing to it.
 * More steps would begin anew after every write: under a busy writer they never end. `VACUUM INTO` is as consistent, but gives
 * rows without an explicit key new numbers, which an index over them would not follow.
 */
import { rm } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { Failed } from '../model/failure.ts';
import type { Job } from '../model/job.ts';

/** How long SQLite itself waits for a lock before it looks at the deadline and the job again. */
const patienceMs = 250;

/**
 * Copies the database `from` to the new file `to`, as it is at one moment. Opening may apply the log that a killed program left.
 * Throws `disk/busy` when it is locked for longer than `waitMs`, `state/damaged` when it is no database. Not atomic: `to` is somebody's temporary file.
 */
export async function copyDatabase(
  { from, to, waitMs }: { readonly from: string; readonly to: string; readonly waitMs: number },
  job: Job,
) {
  const deadline = performance.now() + waitMs;
  const progress = (): number => {
    job.signal.throwIfAborted();
    if (performance.now() >= deadline) throw new Failed('disk/busy', `the database ${from} is locked by another process`);
    return Number.POSITIVE_INFINITY;
  };
  const database = open(from);
  try {
    // A backup that could not even begin, because of a lock, says that it is complete: with no pages. So does one of an empty database.
    while ((await database.backup(to, { progress })).totalPages === 0 && pagesOf(database) !== 0) {
      progress();
      await rm(to, { force: true });
    }
  } catch (error) {
    throw failureOf(error, from);
  } finally {
    database.close();
  }
}

/** How many pages a database has; null while it is locked. */
function pagesOf(database: Database.Database): number | null {
  try {
    return Number(database.pragma('page_count', { simple: true }));
  } catch (error) {
    if (error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code)) return null;
    throw error;
  }
}

function open(path: string): Database.Database {
  try {
    return new Database(path, { fileMustExist: true, timeout: patienceMs });
  } catch (error) {
    throw failureOf(error, path);
  }
}

function failureOf(error: unknown, path: string): unknown {
  const code = error instanceof Database.SqliteError ? error.code : '';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return new Failed('disk/busy', `the database ${path} is locked by another process`, { cause: error });
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code))
    return new Failed('state/damaged', `the database ${path} cannot be read: ${code}`, { cause: error });
  if (code.startsWith('SQLITE_IOERR')) return new Failed('disk/io', `the database ${path} cannot be read: ${code}`, { cause: error });
  return error;
}
