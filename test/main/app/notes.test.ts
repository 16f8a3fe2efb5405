import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { csvOf } from '../../../src/main/app/exporters.ts';
import { migrateNotes, openNotes, readNotes } from '../../../src/main/app/notes.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openGoodPlace } from '../supervisor/fixture.ts';

const now = new Date('2026-05-06T07:08:09.010Z');

describe('notes', () => {
  it.each([1, 2])('of data version %d are written, listed and found', async (version) => {
    await using folder = await tempFolder();
    using notes = openNotes(join(folder.path, 'notes.db'), version);
    notes.write('Milk\nand bread', now);
    notes.write('A "quoted" OR word', now);
    expect(notes.list().map(({ id, title }) => [id, title])).toEqual([
      [2, 'A "quoted" OR word'],
      [1, 'Milk'],
    ]);
    expect([notes.search('bread'), notes.search('OR word'), notes.search('"')].map((found) => found.map(({ id }) => id))).toMatchObject([
      [1],
      [2],
      {},
    ]);
    notes.rehearse();
    expect(notes.list()).toHaveLength(2);
  });

  it('are migrated with their titles and words, and a migration that is done is not done again', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'notes.db');
    openNotes(path, 1)[Symbol.dispose]();
    writeOld(path, 'Milk\nand bread');
    expect(() => openNotes(path, 2)).toThrow('were not migrated');
    migrateNotes(path, 2);
    migrateNotes(path, 2);
    using notes = openNotes(path, 2);
    expect(notes.search('bread')).toMatchObject([{ title: 'Milk' }]);
    expect(() => openNotes(path, 1)).toThrow('switch/data');
  });

  it('that a migration could not finish are as they were', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'notes.db');
    openNotes(path, 1)[Symbol.dispose]();
    writeOld(path, 'Milk');
    const database = new Database(path);
    database.exec('CREATE TABLE words (in_the_way)');
    database.close();
    expect(() => migrateNotes(path, 2)).toThrow('words');
    expect(readNotes(path)).toMatchObject([{ id: 1, title: 'Milk' }]);
    expect(() => openNotes(path, 2)).toThrow('data version 1');
  });

  it('become lines that any spreadsheet reads', () => {
    const note = { id: 1, title: 'a,b', text: 'he said "no"\nand left', writtenAt: '2026' };
    expect(csvOf([note])).toBe('id,title,text,writtenAt\r\n1,"a,b","he said ""no""\nand left",2026\r\n');
  });
});

describe('the notes application', () => {
  it('says stage by stage that it is well, and by whose wish it leaves', async () => {
    await using folder = await tempFolder();
    const { child, health } = await startIn(folder.path, {});
    await until(async () => (await health()).includes('"ready"'));
    child.kill('SIGINT');
    await once(child, 'exit');
    const stages = ['loaded', 'config', 'database', 'service', 'ready'].map((stage) => `{"stage":"${stage}"}\n`);
    expect([child.exitCode, await health()]).toEqual([0, `${stages.join('')}{"quitting":"user"}\n`]);
  });

  it('leaves without a word when whoever watched it is gone', async () => {
    await using folder = await tempFolder();
    const { child, health } = await startIn(folder.path, {});
    await until(async () => (await health()).includes('"ready"'));
    child.disconnect();
    await once(child, 'exit');
    expect([child.exitCode, await health()]).toEqual([0, expect.not.stringContaining('quitting')]);
  });

  it('C4 exports data of any version, though its settings keep it from starting', async () => {
    await using folder = await tempFolder();
    const path = join(folder.path, 'epoch', 'data', 'notes.db');
    await mkdir(join(folder.path, 'epoch', 'data'), { recursive: true });
    await mkdir(join(folder.path, 'epoch', 'config'));
    await mkdir(join(folder.path, 'out'));
    openNotes(path, 1)[Symbol.dispose]();
    writeOld(path, 'Milk');
    await writeFile(join(folder.path, 'epoch', 'config', 'notes.json'), '{ broken');
    const broken = await startIn(folder.path, {});
    const words = await text(Readable.from(broken.child.stderr ?? []));
    expect(words).toContain('state/damaged');
    const { child } = await startIn(folder.path, { MOULT_MODE: 'export', MOULT_EXPORT_TO: join(folder.path, 'out') });
    await once(child, 'exit');
    expect(await readFile(join(folder.path, 'out', 'notes.json'), 'utf8')).toContain('"title": "Milk"');
  });
});

function writeOld(path: string, note: string): void {
  const database = new Database(path);
  database.prepare("INSERT INTO notes (text, written_at) VALUES (?, '2026-01-01')").run(note);
  database.close();
}

/** Starts it on an epoch of its own in an installation that something else is installed in, without a window. */
async function startIn(folder: string, environment: NodeJS.ProcessEnv) {
  const healthFile = join(folder, 'health');
  if (!existsSync(join(folder, 'root'))) await openGoodPlace(join(folder, 'root'));
  const place = { MOULT_ROOT: join(folder, 'root'), MOULT_EPOCH: join(folder, 'epoch'), MOULT_HOST: 'headless' };
  const env = { ...process.env, ...place, MOULT_HEALTH: healthFile, ...environment };
  const child = spawn(process.execPath, [resolve('src/main/app/notes-process.ts')], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return { child, health: () => readFile(healthFile, 'utf8').catch(() => '') };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
