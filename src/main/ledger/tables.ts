/**
 * The ledger's table: `<instance>/ledger.db`, SQLite in WAL mode, its version in `user_version`.
 *
 * One table for every kind of event, since each has the same columns and is read in one order: time. Migrations are numbered by
 * their place in the list, are never changed once they shipped, and run in one transaction.
 */
import type Database from 'better-sqlite3';

const migrations: readonly string[] = [
  `CREATE TABLE events (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     from_version TEXT,
     to_version TEXT,
     generation INTEGER,
     snapshot TEXT,
     by TEXT,
     started_at TEXT NOT NULL,
     finished_at TEXT,
     status TEXT NOT NULL,
     error TEXT,
     bytes INTEGER,
     what TEXT
   );
   CREATE INDEX events_by_kind ON events (kind, id);
   CREATE INDEX events_by_generation ON events (generation) WHERE generation IS NOT NULL;`,
];

/** The columns of an event under the names that `event.ts` gives them. */
export const selectEvents = `SELECT id, kind, from_version AS "from", to_version AS "to", generation, snapshot, by,
  started_at AS startedAt, finished_at AS finishedAt, status, error, bytes, what FROM events`;

/** Whether a later program wrote this ledger. */
export function isFromTheFuture(database: Database.Database): boolean {
  return versionOf(database) > migrations.length;
}

/** Brings a ledger to the newest version. */
export function migrateLedger(database: Database.Database): void {
  const missing = migrations.slice(versionOf(database));
  if (missing.length === 0) return;
  database.transaction(() => {
    for (const statement of missing) database.exec(statement);
    database.pragma(`user_version = ${migrations.length}`);
  })();
}

function versionOf(database: Database.Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}
