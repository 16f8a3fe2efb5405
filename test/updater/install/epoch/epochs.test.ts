import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanTree } from '../../../../src/updater/disk/scan.ts';
import { treeDigest } from '../../../../src/updater/disk/hash.ts';
import { takeBack } from '../../../../src/updater/install/activate.ts';
import { epochToClone, leaveEpoch, makeEpoch } from '../../../../src/updater/install/epoch/epochs.ts';
import { epochFolder, listEpochs, readEpoch } from '../../../../src/updater/install/epoch/record.ts';
import { currentGeneration, installedGeneration, stageGeneration } from '../../../../src/updater/install/generations.ts';
import { Failed } from '../../../../src/updater/model/failure.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { databaseOf, makeVersion, migratorOf, notesOf, now, openPlace, readNotes, run, scriptOf, writeNotes } from './place.ts';

const job = quietJob();
const idle = scriptOf('');
const addTitle = migratorOf("ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT ''");

/** An instance that runs a program with notes of data version 1. */
async function placeWithNotes(root: string) {
  const place = await openPlace(root);
  const old = await makeVersion(place, idle, { version: '1.0.0', ...notesOf(1) });
  await run(place, old, 'install');
  writeNotes(place.instance, 1, 'one', 'two');
  return place;
}

async function digestOfEpoch(place: Awaited<ReturnType<typeof openPlace>>, epoch: number): Promise<string> {
  return treeDigest(await scanTree(epochFolder(place.instance, epoch), job));
}

describe('the epoch of a new generation', () => {
  it('is empty for a first one, and has its record', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    expect(await listEpochs(place.instance)).toEqual([
      { epoch: 1, dataVersion: 1, from: null, generation: 1, why: 'install', createdAt: '2026-05-06T07:08:09Z', state: 'live' },
    ]);
    expect((await readdir(epochFolder(place.instance, 1))).toSorted()).toEqual(['config', 'data', 'epoch.json', 'evolutions', 'profile']);
    expect(existsSync(join(place.instance.bulk, 'pictures'))).toBe(true);
  });

  it('is a clone of the state, without caches, and neither side sees what the other writes', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const old = epochFolder(place.instance, 1);
    await mkdir(join(old, 'data', 'cache'));
    for (const file of ['config/a.json', 'data/cache/big', 'profile/Cookies', 'evolutions/x', 'stray'])
      await writeFile(join(old, file), file);
    await symlink('host-1234', join(old, 'profile', 'SingletonLock'));
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) });
    expect(await run(place, next)).toMatchObject({ n: 2, epoch: 2, dataVersion: 1 });
    const files = (await scanTree(epochFolder(place.instance, 2), job)).files.map(({ path }) => path);
    expect(files).toEqual(['config/a.json', 'data/notes.db', 'epoch.json', 'evolutions/x', 'profile/Cookies']);
    writeNotes(place.instance, 2, 'three');
    expect([readNotes(place.instance, 1).texts, readNotes(place.instance, 2).texts]).toEqual([
      ['one', 'two'],
      ['one', 'two', 'three'],
    ]);
    expect(await readEpoch(place.instance, 2)).toMatchObject({ from: 1, generation: 2, state: 'live' });
  });

  it('holds what stood only in the log of a program that was killed', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    await killedWriter(databaseOf(place.instance, 1), 'only in the log');
    expect(existsSync(`${databaseOf(place.instance, 1)}-wal`)).toBe(true);
    await run(place, await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) }));
    expect(readNotes(place.instance, 2).texts).toEqual(['one', 'two', 'only in the log']);
  });

  it('is refused while another process has the database open, and nothing is left of it', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) });
    const writer = await openWriter(databaseOf(place.instance, 1));
    await expect(run(place, next)).rejects.toMatchObject({ code: 'disk/busy', failure: { detail: expect.stringContaining('notes.db') } });
    expect(await currentGeneration(place.instance)).toMatchObject({ n: 1, state: 'good' });
    writer.kill('SIGKILL');
    await once(writer, 'exit');
    // Once nobody is in the way it goes through.
    expect(await run(place, next)).toMatchObject({ epoch: 2 });
    expect((await readdir(place.instance.epochs)).toSorted()).toEqual(['1', '2']);
  });

  it('waits for a process that closes the database in time', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) });
    const writer = await openWriter(databaseOf(place.instance, 1));
    const left = setTimeout(() => writer.kill('SIGKILL'), 300);
    expect(await run(place, next)).toMatchObject({ n: 2, state: 'good' });
    clearTimeout(left);
    expect(readNotes(place.instance, 2).texts).toEqual(['one', 'two', 'from another process']);
  });

  it.each([
    ['a folder of the state', 'data'],
    ['a file among the state', 'config/linked.json'],
  ])('is refused where %s is a link, and what is behind it stays alone', async (_, path) => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const link = join(epochFolder(place.instance, 1), path);
    const elsewhere = join(folder.path, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'canary'), 'alive');
    if (path === 'data') await rename(link, join(folder.path, 'moved'));
    await symlink(elsewhere, link);
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) });
    await expect(run(place, next)).rejects.toMatchObject({ code: 'disk/unsafe' });
    expect(await currentGeneration(place.instance)).toMatchObject({ n: 1 });
    expect([await readdir(elsewhere), await readFile(join(elsewhere, 'canary'), 'utf8')]).toEqual([['canary'], 'alive']);
  });

  it('takes what is no database for the file that it is', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    await writeFile(databaseOf(place.instance, 1), 'no database at all, and long enough to look like none'.repeat(100));
    await run(place, await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) }));
    expect(await readFile(databaseOf(place.instance, 2), 'utf8')).toMatch(/^no database/);
  });
});

describe('the migration of a clone', () => {
  it('is done by the new version, on the clone alone', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const before = await digestOfEpoch(place, 1);
    expect(await run(place, await makeVersion(place, addTitle, { version: '2.0.0', ...notesOf(2) }))).toMatchObject({
      epoch: 2,
      dataVersion: 2,
    });
    expect(await digestOfEpoch(place, 1)).toBe(before);
    expect([readNotes(place.instance, 1).version, readNotes(place.instance, 2).version]).toEqual([1, 2]);
    expect(await readEpoch(place.instance, 2)).toMatchObject({ dataVersion: 2 });
  });

  it.each([
    ['fails in its transaction', migratorOf('SELECT absent'), 'no such column: absent'],
    ['ends with another number', scriptOf("process.stderr.write('first\\nlast words\\n'); process.exitCode = 3"), 'exit 3): last words'],
    ['is killed', scriptOf("process.kill(process.pid, 'SIGKILL')"), 'SIGKILL'],
    ['cannot be started', { start: { program: '#!/nowhere/at/all\n' } }, 'ENOENT'],
    ['says that it is done and did nothing', scriptOf('0'), 'has data version 1, not 2'],
    ['leaves a damaged database', migratorOf('SELECT 1', damage()), 'is damaged'],
  ])('that %s leaves the original as it was and the clone as no epoch', async (_, contents, why) => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const before = await digestOfEpoch(place, 1);
    const version = await makeVersion(place, contents, { version: '2.0.0', ...notesOf(2) });
    await expect(run(place, version)).rejects.toMatchObject({ code: 'start/failed', message: expect.stringContaining(why) });
    expect(await digestOfEpoch(place, 1)).toBe(before);
    expect(await listEpochs(place.instance)).toHaveLength(1);
    expect((await readdir(place.instance.epochs)).toSorted()).toEqual(['.failed-2', '1']);
    expect(await currentGeneration(place.instance)).toMatchObject({ n: 1, epoch: 1, state: 'good' });
    // One failure's remains are enough.
    await expect(run(place, version)).rejects.toMatchObject({ code: 'start/failed' });
    expect((await readdir(place.instance.epochs)).toSorted()).toEqual(['.failed-3', '1']);
  });

  it('is not begun with a step missing', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const data = { ...notesOf(3).data, migrations: [3] };
    const version = await makeVersion(place, addTitle, { version: '3.0.0', ...notesOf(3), data });
    await expect(run(place, version)).rejects.toMatchObject({ code: 'start/failed', message: expect.stringContaining('data version 2') });
  });

  it('ends with the time that it has', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const health = { stageTimeoutMs: 1000, tries: 3, errorRateLimit: 50 };
    const version = await makeVersion(place, scriptOf('setInterval(() => {}, 1000)'), { version: '2.0.0', ...notesOf(2), health });
    await expect(run(place, version)).rejects.toMatchObject({ code: 'start/slow' });
  });
});

describe('data that is newer', () => {
  it('is never handed to a version that cannot read it, by any way', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    await run(place, await makeVersion(place, addTitle, { version: '2.0.0', ...notesOf(2) }));
    const older = await makeVersion(place, { ...idle, more: '' }, { version: '2.0.1', ...notesOf(1) });
    await expect(run(place, older)).rejects.toMatchObject({ code: 'switch/data' });
    expect(await currentGeneration(place.instance)).toMatchObject({ n: 2, epoch: 2 });
  });
});

describe('what became of an epoch', () => {
  it('R23 stands in its record, and what was written in it stays', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const before = await installedGeneration(place.instance);
    const next = await run(place, await makeVersion(place, addTitle, { version: '2.0.0', ...notesOf(2) }));
    writeNotes(place.instance, 2, 'during the trial');
    await takeBack(next, { to: before, failure: new Failed('start/failed', 'crashed').failure }, place);
    await leaveEpoch(place.instance, 1);
    await leaveEpoch(place.instance, 7);
    expect((await listEpochs(place.instance)).map(({ epoch, state }) => [epoch, state])).toEqual([
      [1, 'left'],
      [2, 'abandoned'],
    ]);
    expect(readNotes(place.instance, 2).texts).toEqual(['one', 'two', 'during the trial']);
  });

  it('is not asked again after its number: that is never used twice', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    await run(place, await makeVersion(place, addTitle, { version: '2.0.0', ...notesOf(2) }));
    await rm(epochFolder(place.instance, 2), { recursive: true });
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '2.0.1', ...notesOf(1) });
    const from = await readEpoch(place.instance, 1);
    expect(await makeEpoch({ ...place, version: next, from, generation: 3, why: 'restore' }, job)).toMatchObject({ epoch: 3 });
  });

  it('does not change what a staged generation goes on from when its switch was cut off', async () => {
    await using folder = await tempFolder();
    await using place = await placeWithNotes(folder.path);
    const next = await makeVersion(place, { ...idle, more: '' }, { version: '1.1.0', ...notesOf(1) });
    const current = await run(place, next);
    const staged = await stageGeneration(place.instance, next.manifest, { why: 'rollback', now, tries: 3, epoch: 1 });
    expect(await epochToClone(staged, current, place.instance)).toMatchObject({ epoch: 1 });
    const from = await readEpoch(place.instance, 1);
    const made = await makeEpoch({ ...place, version: next, from, generation: staged.n, why: 'rollback' }, job);
    expect(await epochToClone({ ...staged, epoch: made.epoch }, current, place.instance)).toMatchObject({ epoch: 1 });
    expect(await epochToClone({ ...staged, why: 'update' }, current, place.instance)).toMatchObject({ epoch: 2 });
  });
});

/** Overwrites the middle of the database after its migration. */
function damage(): string {
  return `
    database.exec('BEGIN');
    for (let i = 0; i < 2000; i += 1) database.prepare("INSERT INTO notes (text, written_at) VALUES (?, '')").run('x'.repeat(50));
    database.exec('COMMIT');
    database.pragma('journal_mode = DELETE');
    database.close();
    const file = require('fs').openSync(process.env.MOULT_EPOCH + '/data/notes.db', 'r+');
    require('fs').writeSync(file, Buffer.alloc(8192, 255), 0, 8192, 8192);
  `;
}

/** A process that has the database open, and has written to it. */
async function openWriter(path: string): Promise<ChildProcess> {
  const writer = fork(new URL('writer-process.ts', import.meta.url), [path, 'from another process']);
  await once(writer, 'message');
  return writer;
}

async function killedWriter(path: string, text: string): Promise<void> {
  const writer = fork(new URL('writer-process.ts', import.meta.url), [path, text]);
  await once(writer, 'message');
  writer.kill('SIGKILL');
  await once(writer, 'exit');
}
