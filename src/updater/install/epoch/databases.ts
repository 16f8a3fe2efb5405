/**
 * SQLite databases of an epoch, copied closed at the switch (`store/database.ts` copies them live for everything that only looks).
 *
 * Closed means: this process was for a moment the only one that had the database open, everything in its log was moved into the
 * database, and the log is gone. Trap: while a database is open here, no other code of this process may open its file, since
 * closing that would silently release SQLite's locks; so the file itself is copied only after the database was closed.
 */
import { lstat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { cloneFile } from '../../disk/clone.ts';
import { Failed } from '../../model/failure.ts';
import type { Job } from '../../model/job.ts';

/** How long another process may keep a database open before that is a failure. */
export const closedWithinMs = 3000;
const pollMs = 50;

/** What stands beside a database while it is open, or after its process was killed. */
export const databaseCompanions = ['-wal', '-shm', '-journal'] as const;

/** Copies a database that nobody has open, with everything in its log. Throws `disk/busy` while another process has it open or writes to it. Not synced. */
export async function copyClosed(from: string, to: string, job: Job): Promise<void> {
  const deadline = performance.now() + closedWithinMs;
  while (!closeLog(from)) {
    if (performance.now() >= deadline) throw new Failed('disk/busy', `the database ${from} is open in another process`);
    await sleep(pollMs, undefined, { signal: job.signal });
  }
  const before = await lstat(from, { bigint: true });
  await cloneFile(from, to);
  const after = await lstat(from, { bigint: true });
  const isSame = before.mtimeNs === after.mtimeNs && before.size === after.size;
  if (!isSame || (await hasLog(from))) throw new Failed('disk/busy', `the database ${from} was opened while it was copied`);
}

/** Throws `start/failed` when a database is damaged or does not bear this data version. */
export function checkDatabase(path: string, dataVersion: number): void {
  const database = new Database(path, { fileMustExist: true });
  try {
    const found = database.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw new Failed('start/failed', `after its migration the database ${path} is damaged: ${String(found)}`);
    const version = database.pragma('user_version', { simple: true });
    if (version !== dataVersion) {
      throw new Failed('start/failed', `after its migration the database ${path} has data version ${String(version)}, not ${dataVersion}`);
    }
  } finally {
    database.close();
  }
}

/** One try to be alone with a database and to empty its log; false while others have it open. What is no database needs none of this. */
function closeLog(path: string): boolean {
  const database = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    database.exec('COMMIT');
    database.pragma('wal_checkpoint(TRUNCATE)');
    return true;
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return false;
    if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') return true;
    throw error;
  } finally {
    database.close();
  }
}

async function hasLog(path: string): Promise<boolean> {
  return lstat(`${path}-wal`).then(
    ({ size }) => size > 0,
    () => false,
  );
}
