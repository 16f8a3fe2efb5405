import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { quietJob } from '../../../src/updater/model/job.ts';
import { createSnapshot } from '../../../src/updater/store/create.ts';
import { copyDatabase } from '../../../src/updater/store/database.ts';
import { unpackSnapshot } from '../../../src/updater/store/unpack.ts';
import { tempFolder } from '../../ground/folder.ts';
import { storeIn, wishFor, writeEpoch } from './shelf.ts';

const job = quietJob();

/** A process that writes to `path` all the time, until it is disposed of. */
async function busyWriter(path: string, mode: 'wal' | 'delete'): Promise<AsyncDisposable> {
  const child = fork(new URL('busy-writer-process.ts', import.meta.url), [path, mode]);
  await once(child, 'message');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
  return { [Symbol.asyncDispose]: stop };
}

interface Told {
  readonly integrity: unknown;
  readonly units: number;
  readonly moved: number;
  readonly rows: number;
}

function tell(path: string): Told {
  const database = new Database(path);
  try {
    const numberOf = (sql: string): number => Number(database.prepare(sql).pluck().get());
    return {
      integrity: database.pragma('integrity_check', { simple: true }),
      units: numberOf('SELECT sum(units) FROM account'),
      moved: numberOf('SELECT units - 1000 FROM account WHERE id = 2'),
      rows: numberOf('SELECT count(*) - 20000 FROM log'),
    };
  } finally {
    database.close();
  }
}

describe('a database', () => {
  it.each(['wal', 'delete'] as const)(
    'that another process writes to without a pause (%s) is kept as it was at one moment',
    async (mode) => {
      await using folder = await tempFolder();
      const store = storeIn(folder.path);
      await writeEpoch(folder.path, {});
      const path = join(folder.path, 'epoch/data/notes.db');
      await using writer = await busyWriter(path, mode);
      const snapshot = await createSnapshot(store, wishFor(folder.path), job);
      const back = join(folder.path, 'back');
      await mkdir(back);
      await unpackSnapshot(store.objects, { snapshot, folder: back }, job);
      expect(snapshot.files.map((file) => file.path)).toEqual(['data/notes.db']);
      const told = tell(join(back, 'data/notes.db'));
      expect(told).toEqual({ integrity: 'ok', units: 2000, moved: told.rows, rows: told.rows });
      expect(told.rows).toBeGreaterThan(0);
      await writer[Symbol.asyncDispose]();
      expect(tell(path).rows).toBeGreaterThan(told.rows);
    },
  );

  it('whose program was killed is kept with everything that was still in its log', async () => {
    await using folder = await tempFolder();
    const store = storeIn(folder.path);
    await writeEpoch(folder.path, {});
    const path = join(folder.path, 'epoch/data/notes.db');
    const writer = await busyWriter(path, 'wal');
    await writer[Symbol.asyncDispose]();
    expect((await stat(`${path}-wal`)).size).toBeGreaterThan(0);
    const snapshot = await createSnapshot(store, wishFor(folder.path), job);
    const back = join(folder.path, 'back');
    await mkdir(back);
    await unpackSnapshot(store.objects, { snapshot, folder: back }, job);
    expect(tell(join(back, 'data/notes.db'))).toEqual(tell(path));
  });

  it('that is locked for good is a failure that names it', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'notes.db');
    const database = new Database(path);
    database.exec('CREATE TABLE t (a); BEGIN EXCLUSIVE');
    const copied = copyDatabase({ from: path, to: join(folder.path, 'copy'), waitMs: 300 }, job);
    await expect(copied).rejects.toMatchObject({ code: 'disk/busy', message: expect.stringContaining(path) });
    database.close();
  });

  it('R04 that a power cut left empty, or with a journal that makes it empty again, is copied as such and not called locked', async () => {
    await using folder = await tempFolder();
    const begun = join(folder.path, 'begun.db');
    await cutAtItsBeginning(begun);
    const empty = join(folder.path, 'empty.db');
    await writeFile(empty, '');
    for (const from of [empty, begun]) {
      const to = `${from}.copy`;
      await copyDatabase({ from, to, waitMs: 300 }, job);
      const copy = new Database(to);
      expect([copy.pragma('integrity_check', { simple: true }), copy.prepare('SELECT name FROM sqlite_schema').all()]).toEqual(['ok', []]);
      copy.close();
    }
  });

  it('that is declared and is none is a failure that names it', async () => {
    await using folder = await tempFolder();
    await writeEpoch(folder.path, { 'data/notes.db': 'x'.repeat(5000) });
    const wish = wishFor(folder.path);
    const declared = { ...wish, subject: { ...wish.subject, databases: ['data/notes.db'] } };
    const made = createSnapshot(storeIn(folder.path), declared, job);
    await expect(made).rejects.toMatchObject({ code: 'state/damaged', message: expect.stringContaining('notes.db') });
  });

  it('that has not begun yet is an empty file', async () => {
    await using folder = await tempFolder();
    await writeEpoch(folder.path, {});
    await writeFile(join(folder.path, 'epoch/data/notes.db'), '');
    const wish = wishFor(folder.path);
    const declared = { ...wish, subject: { ...wish.subject, databases: ['data/notes.db'] } };
    expect((await createSnapshot(storeIn(folder.path), declared, job)).files).toMatchObject([{ path: 'data/notes.db', size: 0 }]);
  });
});

/** Leaves a database as a power cut does in the middle of its first transaction: some of its pages are written, and its journal would take them back. */
async function cutAtItsBeginning(path: string): Promise<void> {
  const original = `${path}.original`;
  const database = new Database(original);
  database.pragma('cache_size = 1');
  database.exec(
    'BEGIN; CREATE TABLE t (a); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT zeroblob(1000) FROM n',
  );
  await cp(original, path);
  await cp(`${original}-journal`, `${path}-journal`);
  database.close();
  expect((await stat(path)).size).toBeGreaterThan(0);
}
