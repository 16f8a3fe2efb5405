/**
 * What happened to an instance, kept for good: every check, download, update, trial, rollback, snapshot, repair, decision, preference.
 *
 * Nothing depends on it: a ledger that is damaged, or that a later program wrote, is set aside as `ledger.db.damaged-<n>` and a new
 * one is begun from what the records on disk say. What other processes did (trials, commands) is learnt from those records too.
 */
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { moveEntry, namesIn } from '../../updater/disk/atomic.ts';
import type { Instance } from '../../updater/install/layout.ts';
import { failureOf } from '../../updater/model/failure.ts';
import { timeText } from '../../updater/model/parse.ts';
import { eventSchema, type Beginning, type EventKind, type LedgerEvent, type Outcome } from './event.ts';
import { learn } from './learn.ts';
import { isFromTheFuture, migrateLedger, selectEvents } from './tables.ts';

/** An open ledger; whoever opened it closes it. */
export interface Ledger extends Disposable {
  /** The name of the file that was set aside when this one was opened; null when the ledger was in order. */
  readonly setAside: string | null;
  /** Notes that something began and returns its number. */
  begin(event: Beginning): number;
  /** Notes what became of it. */
  finish(id: number, outcome: Outcome): void;
  /** Notes something that is over as it happens. */
  note(event: Beginning & Partial<Outcome>): void;
  /** The newest events, of one kind or of all (null), newest first. */
  list(kind: EventKind | null, limit: number): readonly LedgerEvent[];
  /** The update, rollback or restore that a generation came from; null when nobody knows. */
  originOf(generation: number): LedgerEvent | null;
  /** Adds what the records on disk know and this does not: trials and what commands did. */
  catchUp(): Promise<void>;
  /** Marks what is still running as cut: for the one process that would be running it. */
  cutUnfinished(): void;
}

/** Opens an instance's ledger, whatever its file is like; on a disk that cannot be written it lives in memory until it is closed. */
export async function openLedger(instance: Instance, now: () => Date): Promise<Ledger> {
  const path = join(instance.folder, 'ledger.db');
  const found = orInMemory(() => openSound(path));
  const setAside = found === null ? await moveAside(instance) : null;
  const database = found ?? begin(path);
  const catchUp = (): Promise<void> => learn(database, instance);
  if (setAside !== null) await catchUp();
  return { ...writing(database, now), ...reading(database), setAside, catchUp, [Symbol.dispose]: () => database.close() };
}

function writing(database: Database.Database, now: () => Date): Pick<Ledger, 'begin' | 'finish' | 'note' | 'cutUnfinished'> {
  const insert = database.prepare(
    `INSERT INTO events (kind, from_version, to_version, generation, snapshot, by, started_at, status, what)
     VALUES (@kind, @from, @to, @generation, @snapshot, @by, @at, 'running', @what)`,
  );
  const end = database.prepare(
    `UPDATE events SET status = @status, finished_at = @at, error = @error, bytes = coalesce(@bytes, bytes),
       to_version = coalesce(@to, to_version), generation = coalesce(@generation, generation), snapshot = coalesce(@snapshot, snapshot)
     WHERE id = @id`,
  );
  const beginEvent = (event: Beginning): number => {
    const row = { from: null, to: null, generation: null, snapshot: null, by: null, what: null, ...event };
    return Number(orNull(() => insert.run({ ...row, at: timeText(now()) }).lastInsertRowid) ?? 0);
  };
  const finish = (id: number, { error = null, ...outcome }: Outcome): void => {
    const row = { to: null, generation: null, snapshot: null, bytes: null, ...outcome };
    orNull(() => end.run({ ...row, id, error: error === null ? null : JSON.stringify(error), at: timeText(now()) }));
  };
  const note = ({ status = 'done', error = null, bytes = null, ...event }: Beginning & Partial<Outcome>): void =>
    finish(beginEvent(event), { status, error, bytes });
  const cutUnfinished = (): void => {
    orNull(() => database.prepare(`UPDATE events SET status = 'cut', finished_at = ? WHERE status = 'running'`).run(timeText(now())));
  };
  return { begin: beginEvent, finish, note, cutUnfinished };
}

/** What a full or busy disk does not let the ledger keep is lost to it, and to nobody else. */
function orNull<Result>(write: () => Result): Result | null {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return null;
  }
}

function reading(database: Database.Database): Pick<Ledger, 'list' | 'originOf'> {
  const all = database.prepare(`${selectEvents} WHERE @kind IS NULL OR kind = @kind ORDER BY id DESC LIMIT @limit`);
  const origin = database.prepare(`${selectEvents} WHERE generation = ? AND kind IN ('update', 'rollback', 'repair') ORDER BY id LIMIT 1`);
  return {
    list: (kind, limit) => all.all({ kind, limit }).flatMap(parseEvent),
    originOf: (generation) => origin.all(generation).flatMap(parseEvent)[0] ?? null,
  };
}

/** A row that somebody else's program wrote is passed over. */
function parseEvent(row: unknown): LedgerEvent[] {
  const { error } = { error: null, ...(typeof row === 'object' ? row : {}) };
  const told = { ...(typeof row === 'object' ? row : {}), error: typeof error === 'string' ? jsonOrNull(error) : null };
  const result = eventSchema.safeParse(told);
  return result.success ? [result.data] : [];
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A failure that cannot be read is a failure of which nothing more is known.
    return null;
  }
}

/** A ledger is no reason not to start. */
function orInMemory(open: () => Database.Database | null): Database.Database | null {
  try {
    return open();
  } catch (error) {
    if (!failureOf(error).code.startsWith('disk/')) throw error;
    return begin(':memory:');
  }
}

/** Opens a ledger that can be used; null when its file is damaged or from a later program. */
function openSound(path: string): Database.Database | null {
  let database: Database.Database | null = null;
  try {
    database = begin(path);
    if (database.pragma('quick_check(1)', { simple: true }) === 'ok') return database;
  } catch (error) {
    // What SQLite says about a damaged file is what is asked here; a disk that is full or read-only is another matter.
    if (!isDamage(error)) throw error;
  }
  database?.close();
  return null;
}

function begin(path: string): Database.Database {
  const database = new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    if (isFromTheFuture(database)) throw new FromTheFuture(`${path} was written by a newer program`);
    migrateLedger(database);
    database.prepare(`${selectEvents} LIMIT 1`).get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class FromTheFuture extends Error {}

function isDamage(error: unknown): boolean {
  if (error instanceof FromTheFuture) return true;
  return error instanceof Database.SqliteError && /^SQLITE_(?:NOTADB|CORRUPT|ERROR|SCHEMA|FORMAT)/.test(error.code);
}

/** Renames the ledger with its side files out of the way and returns its new name. */
async function moveAside({ folder }: Instance): Promise<string> {
  const names = await namesIn(folder);
  let n = 1;
  while (names.includes(`ledger.db.damaged-${n}`)) n += 1;
  const aside = `ledger.db.damaged-${n}`;
  for (const suffix of ['-wal', '-shm', '']) {
    if (names.includes(`ledger.db${suffix}`)) await moveEntry(join(folder, `ledger.db${suffix}`), join(folder, `${aside}${suffix}`));
  }
  return aside;
}
