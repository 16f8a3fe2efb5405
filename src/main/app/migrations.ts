/**
 * How the notes' database came to be what it is: one step per data version, each in one transaction together with the number
 * (`user_version`). Steps that were released never change.
 */
import assert from 'node:assert';
import type { Database } from 'better-sqlite3';

interface Migration {
  readonly to: number;
  readonly sql: string;
}

const migrations: readonly Migration[] = [
  { to: 1, sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, written_at TEXT NOT NULL);' },
  {
    // A title (the first line, until a person says otherwise) and words that can be searched for.
    to: 2,
    sql: `
      ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT '';
      UPDATE notes SET title = trim(substr(text, 1, instr(text || char(10), char(10)) - 1));
      CREATE VIRTUAL TABLE words USING fts5(title, text, content='notes', content_rowid='id');
      INSERT INTO words(words) VALUES ('rebuild');
      CREATE TRIGGER note_added AFTER INSERT ON notes BEGIN
        INSERT INTO words(rowid, title, text) VALUES (new.id, new.title, new.text);
      END;
      CREATE TRIGGER note_removed AFTER DELETE ON notes BEGIN
        INSERT INTO words(words, rowid, title, text) VALUES ('delete', old.id, old.title, old.text);
      END;
    `,
  },
];

/** The newest data version that this program can read and write. */
export const newestDataVersion = migrations.length;

/** Brings a database from the version that it bears to `version`, step by step. Each step is atomic: after a kill the number says where to go on. */
export function migrate(database: Database, version: number): void {
  assertNoGaps();
  for (const { to, sql } of migrations.slice(dataVersionOf(database), version)) {
    const step = database.transaction(() => {
      database.exec(sql);
      database.pragma(`user_version = ${to}`);
    });
    step.immediate();
  }
}

/** The data version that a database bears; 0 for one that nothing was written to. */
export function dataVersionOf(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }));
}

/** A step that is missing or numbered wrongly is a bug that no data may meet. */
function assertNoGaps(): void {
  for (const [i, { to }] of migrations.entries()) assert.equal(to, i + 1, `migration ${i + 1} is numbered ${to}`);
}
