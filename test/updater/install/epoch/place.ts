import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { scanTree } from '../../../../src/updater/disk/scan.ts';
import { treeDigest } from '../../../../src/updater/disk/hash.ts';
import { takeLock } from '../../../../src/updater/disk/lock.ts';
import { activate, confirm, type Switching } from '../../../../src/updater/install/activate.ts';
import { epochFolder } from '../../../../src/updater/install/epoch/record.ts';
import { stageGeneration } from '../../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf, type Instance } from '../../../../src/updater/install/layout.ts';
import { beginVersion, findVersion, recordVersion, type Version } from '../../../../src/updater/install/versions.ts';
import type { Generation, Reason } from '../../../../src/updater/model/generation.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import type { Manifest } from '../../../../src/updater/model/manifest.ts';
import { writeTree, type Contents } from '../../../ground/publisher.ts';
import { digestOf, manifestWith } from '../../../ground/manifests.ts';

export const now = new Date('2026-05-06T07:08:09.010Z');

/** An instance that is locked by this test. */
export async function openPlace(root: string): Promise<Switching & AsyncDisposable> {
  const layout = layoutOf(root);
  const instance = instanceOf(layout, 'default');
  await mkdir(instance.folder, { recursive: true });
  const lock = await takeLock(instance.lock, { waitMs: 0 }, quietJob());
  return { layout, instance, lock, now, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

/** What notes of a data version declare. */
export function notesOf(dataVersion: number): Pick<Manifest, 'entry' | 'data' | 'dataVersion'> {
  const migrations = Array.from({ length: dataVersion }, (_, i) => i + 1);
  const data = { databases: ['data/notes.db'], migrations, cache: ['data/cache'], bulk: ['pictures'], exporters: ['json', 'csv'] };
  return { entry: { program: 'start', args: [] }, data, dataVersion };
}

/** The trees' program: a script on the Node that runs the tests. */
export function scriptOf(text: string): Contents {
  return { start: { program: `#!${process.execPath}\n${text}` } };
}

const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');

/** A program whose migration to 2 is `sql`, and which does nothing else. */
export function migratorOf(sql: string, then = ''): Contents {
  return scriptOf(`
    if (process.env.MOULT_MODE !== 'migrate') process.exit(0);
    const database = new (require(${JSON.stringify(sqlite)}))(process.env.MOULT_EPOCH + '/data/notes.db');
    try {
      database.exec(${JSON.stringify(`BEGIN; ${sql}; PRAGMA user_version = 2; COMMIT`)});
    } catch (error) {
      process.stderr.write(error.message);
      process.exit(1);
    }
    ${then}
  `);
}

/** The real notes application of the checkout, as the program of a tree that holds on to a data version. */
export function notesProgram(dataVersion: number): Contents {
  const application = resolve('src/main/app/notes-process.ts');
  return {
    start: { program: `#!/bin/sh\nexec '${process.execPath}' '${application}' "$@"\n` },
    'app.json': `{"dataVersion":${dataVersion}}\n`,
  };
}

/** Makes a version that stands. */
export async function makeVersion(place: Switching, contents: Contents, fields: Partial<Manifest>): Promise<Version> {
  const { layout } = place;
  const source = join(layout.root, 'source', fields.version ?? '1.0.0');
  await writeTree(source, contents);
  const tree = await scanTree(source, quietJob());
  const manifest = manifestWith({ ...fields, tree: { digest: treeDigest(tree), files: [...tree.files], links: [] } });
  await writeTree(await beginVersion(layout, manifest), contents);
  await recordVersion(layout, manifest, { manifestSha256: digestOf(manifest.version), floor: { timestamp: 3 }, now });
  const version = await findVersion(layout, manifest.tree.digest);
  if (version === null) throw new Error('the version does not stand');
  return version;
}

/** Stages a version, switches to it, and finds it good. */
export async function run(place: Switching, version: Version, why: Reason = 'update'): Promise<Generation> {
  const staged = await stageGeneration(place.instance, version.manifest, { why, now, tries: 3 });
  return confirm(await activate(staged, place, quietJob()), place);
}

/** The database of notes in an epoch, opened as a program would. */
function openDatabase(instance: Instance, epoch: number): Database.Database {
  const database = new Database(databaseOf(instance, epoch));
  database.pragma('journal_mode = WAL');
  return database;
}

export function databaseOf(instance: Instance, epoch: number): string {
  return join(epochFolder(instance, epoch), 'data', 'notes.db');
}

/** Writes notes of data version 1 into an epoch, and closes it as an application that is killed would: with its log beside it. */
export function writeNotes(instance: Instance, epoch: number, ...texts: readonly string[]): void {
  using database = closing(openDatabase(instance, epoch));
  database.exec('CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, written_at TEXT NOT NULL)');
  if (database.pragma('user_version', { simple: true }) === 0) database.pragma('user_version = 1');
  for (const text of texts) database.prepare("INSERT INTO notes (text, written_at) VALUES (?, '2026-01-01')").run(text);
}

/** What an epoch's notes say, and their data version, without changing anything. */
export function readNotes(instance: Instance, epoch: number): { readonly version: unknown; readonly texts: readonly unknown[] } {
  using database = closing(new Database(databaseOf(instance, epoch), { readonly: true }));
  return {
    version: database.pragma('user_version', { simple: true }),
    texts: database.prepare('SELECT text FROM notes ORDER BY id').pluck().all(),
  };
}

function closing(database: Database.Database): Database.Database & Disposable {
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}
