/** The notes themselves, in SQLite, for every data version that this program knows. */
import Database from 'better-sqlite3';
import { z } from 'zod';
import { Failed } from '../../updater/model/failure.ts';
import { parseAs } from '../../updater/model/parse.ts';
import type { Note } from '../contract/notes.ts';
import { dataVersionOf, migrate, newestDataVersion } from './migrations.ts';

const noteSchema = z.object({ id: z.int(), title: z.string(), text: z.string(), writtenAt: z.string() });

/** Open notes: whoever opened them closes them. `list` and `search` answer newest first. */
export interface Notes extends Disposable {
  readonly dataVersion: number;
  list(): readonly Note[];
  search(words: string): readonly Note[];
  /** Writes a note, durably, and returns it. */
  write(text: string, now: Date): Note;
  /** Writes over a note, durably, and returns it as it is now; throws `usage/wrong` when there is none. */
  rewrite(id: number, text: string, now: Date): Note;
  /** Removes a note, durably; false when it was gone already. */
  remove(id: number): boolean;
  /** Opens, writes and reads the way a person would, and leaves nothing behind. */
  rehearse(): void;
}

/** Opens the notes in `path` for a program of this data version; an empty file is begun. Throws `switch/data` when they are newer, `start/failed` when they were never migrated. */
export function openNotes(path: string, dataVersion: number): Notes {
  const database = open(path, { readonly: false });
  try {
    if (dataVersionOf(database) === 0) migrate(database, dataVersion);
    refuseOtherThan(dataVersion, dataVersionOf(database));
    return notesIn(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Brings the notes in `path` to a data version. Throws `switch/data` when they are newer. */
export function migrateNotes(path: string, dataVersion: number): void {
  const database = open(path, { readonly: false });
  try {
    refuseNewer(dataVersion, dataVersionOf(database));
    migrate(database, dataVersion);
  } finally {
    database.close();
  }
}

/** Reads all notes, oldest first, of whatever data version this program knows, and changes nothing. Throws `switch/data` when they are newer. */
export function readNotes(path: string): readonly Note[] {
  const database = open(path, { readonly: true });
  try {
    refuseNewer(newestDataVersion, dataVersionOf(database));
    return dataVersionOf(database) === 0 ? [] : rows(database.prepare(selectAll(database)).all()).toReversed();
  } finally {
    database.close();
  }
}

function open(path: string, { readonly }: { readonly: boolean }): Database.Database {
  const database = new Database(path, { readonly, fileMustExist: readonly });
  if (!readonly) {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
  }
  return database;
}

function notesIn(database: Database.Database): Notes {
  const dataVersion = dataVersionOf(database);
  const list = (): readonly Note[] => rows(database.prepare(selectAll(database)).all());
  const search = (words: string): readonly Note[] =>
    dataVersion < 2
      ? list().filter(({ text }) => text.toLowerCase().includes(words.toLowerCase()))
      : rows(
          database.prepare(`${selectTitled} WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?) ORDER BY id DESC`).all(quoted(words)),
        );
  const insert = insertion(database);
  const write = (text: string, now: Date): Note => insert(null, text, now);
  const remove = (id: number): boolean => database.prepare('DELETE FROM notes WHERE id = ?').run(id).changes > 0;
  // Taken out and put in again: so the words that can be searched for follow.
  const rewrite = database.transaction((id: number, text: string, now: Date): Note => {
    if (!remove(id)) throw new Failed('usage/wrong', `there is no note ${id}`);
    return insert(id, text, now);
  });
  const rehearse = (): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const { id } = write('a rehearsal', new Date(0));
      if (!search('rehearsal').some((note) => note.id === id)) throw new Failed('start/failed', 'a note that was written is not found');
    } finally {
      database.exec('ROLLBACK');
    }
  };
  return { dataVersion, list, search, write, rewrite, remove, rehearse, [Symbol.dispose]: () => database.close() };
}

function insertion(database: Database.Database): (id: number | null, text: string, now: Date) => Note {
  const insert =
    dataVersionOf(database) < 2
      ? database.prepare('INSERT INTO notes (id, text, written_at) VALUES (@id, @text, @writtenAt)')
      : database.prepare('INSERT INTO notes (id, title, text, written_at) VALUES (@id, @title, @text, @writtenAt)');
  return (id, text, now) => {
    const note = { title: titleOf(text), text, writtenAt: now.toISOString() };
    return { ...note, id: Number(insert.run({ ...note, id }).lastInsertRowid) };
  };
}

const selectTitled = 'SELECT id, title, text, written_at AS writtenAt FROM notes';

function selectAll(database: Database.Database): string {
  const titled = dataVersionOf(database) < 2 ? selectTitled.replace('title', "'' AS title") : selectTitled;
  return `${titled} ORDER BY id DESC`;
}

function rows(found: readonly unknown[]): readonly Note[] {
  const notes = parseAs(z.array(noteSchema), found, { what: 'notes', code: 'state/damaged' });
  return notes.map((note) => ({ ...note, title: note.title === '' ? titleOf(note.text) : note.title }));
}

function titleOf(text: string): string {
  return text.split('\n', 1)[0]?.trim() ?? '';
}

/** Words as words: nothing a person types is an operator of the search. */
function quoted(words: string): string {
  return words
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => `"${word.replaceAll('"', '""')}"*`)
    .join(' ');
}

function refuseOtherThan(wanted: number, found: number): void {
  refuseNewer(wanted, found);
  if (found < wanted) throw new Failed('start/failed', `the notes have data version ${found} and were not migrated to ${wanted}`);
}

function refuseNewer(readable: number, found: number): void {
  if (found > readable) throw new Failed('switch/data', `the notes have data version ${found}; this program reads up to ${readable}`);
}
