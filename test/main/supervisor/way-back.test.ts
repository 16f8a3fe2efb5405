/** Ways back whose data is not in a folder any more, and what was gone back to having to prove itself. */
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { epochFolder, listEpochs } from '../../../src/updater/install/epoch/record.ts';
import { restoreSnapshot } from '../../../src/updater/install/epoch/snapshot/restore.ts';
import { takeSnapshot } from '../../../src/updater/install/epoch/snapshot/take.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { versionName } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { readableSnapshots } from '../../../src/updater/store/records.ts';
import { tempFolder } from '../../ground/folder.ts';
import { linesOf, openGoodPlace, quits, well, type Place } from './fixture.ts';

const now = new Date('2026-05-06T07:08:09Z');
const provesItself = well.replace('wait_to_end', 'sleep 0.7; quit user; exit 0');

/** 1.0.0, then 1.1.0 with newer data, good; the epoch of 1.0.0 is a snapshot by now and no folder. */
async function afterMigration(root: string) {
  const place = await openGoodPlace(root);
  const newer = await place.version('1.1.0', provesItself, {
    dataVersion: 1,
    data: { migrations: [1] },
    migrate: 'echo migrated >> "$MOULT_EPOCH/data/notes"',
  });
  await place.stage(newer);
  await place.start();
  expect(await place.current()).toMatchObject({ n: 2, state: 'good', dataVersion: 1 });
  expect((await listEpochs(place.instance)).map(({ epoch }) => epoch)).toEqual([2]);
  return { place, newer };
}

describe.concurrent('the way back to data that became a snapshot', () => {
  it('R10 is found when the current version is damaged', async () => {
    await using folder = await tempFolder();
    const { place, newer } = await afterMigration(folder.path);
    await writeFile(join(folderOf(place, newer), 'app'), '#!/bin/sh\n');
    expect(await place.start()).toMatchObject({ exitCode: 7, generation: { n: 3, version: '1.0.0' } });
    expect(await notesOf(place)).toEqual(['first', '1.0.0']);
    expect(await linesOf(join(epochFolder(place.instance, 2), 'data', 'notes'))).toEqual(['first', 'migrated', '1.1.0']);
  });

  it('R10 R15 is found when the record of what ran is lost together with its version', async () => {
    await using folder = await tempFolder();
    const { place, newer } = await afterMigration(folder.path);
    await truncate(join(place.instance.generations, '2.json'), 20);
    await rm(`${folderOf(place, newer)}.json`);
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { n: 3, version: '1.0.0', why: 'repair' } });
    expect(await notesOf(place)).toEqual(['first', '1.0.0']);
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { n: 3 } });
  });

  it('R15 does not keep the version from starting when that snapshot is damaged', async () => {
    await using folder = await tempFolder();
    const { place, newer } = await afterMigration(folder.path);
    await truncate(join(place.instance.generations, '2.json'), 20);
    await rm(`${folderOf(place, newer)}.json`);
    await rm(place.layout.objects, { recursive: true });
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { version: '1.0.0' } });
    expect(place.news.find(({ failure }) => failure?.detail.includes('snapshot'))).toMatchObject({ kind: 'recovered' });
    expect(await readableSnapshots(place.instance.snapshots)).toHaveLength(1);
  });
});

describe.concurrent('a version with a program that a snapshot brings back', () => {
  it('is tried in the data of the snapshot, and becomes good', async () => {
    await using folder = await tempFolder();
    const place = await restoredPlace(folder.path, provesItself);
    expect(await place.current()).toMatchObject({ n: 3, version: '1.0.0', state: 'staged', why: 'restore' });
    expect(await place.start()).toMatchObject({ exitCode: 0, takenBack: null, generation: { n: 3, state: 'good', triesLeft: 2 } });
    expect(await notesOf(place)).toEqual(['first', '1.0.0']);
  });

  it('is taken back when it fails, to the version and the data from before', async () => {
    await using folder = await tempFolder();
    const place = await restoredPlace(folder.path, '[ "$MOULT_GENERATION" = 1 ] || exit 3; ' + quits);
    expect(await place.start()).toMatchObject({ exitCode: 7, takenBack: { code: 'start/failed' }, generation: { n: 2 } });
    expect((await notesOf(place)).slice(0, 2)).toEqual(['first', '1.1.0']);
    expect((await place.all()).at(-1)).toMatchObject({ n: 3, state: 'bad', failure: { code: 'start/failed' } });
  });
});

/** 1.0.0 was kept as a snapshot, 1.1.0 became good, and the snapshot was gone back to; nothing of that was started yet. */
async function restoredPlace(root: string, script: string): Promise<Place> {
  const place = await openGoodPlace(root, script);
  const { id } = await takeSnapshot({ kind: 'manual', note: '', program: false, rehash: false }, { ...place, now }, quietJob());
  await place.stage(await place.version('1.1.0', provesItself));
  await place.start();
  await using lock = await takeLock(place.instance.lock, { waitMs: 0 }, quietJob());
  await restoreSnapshot(id, { ...place, lock, now }, quietJob());
  return place;
}

async function notesOf(place: Place): Promise<readonly string[]> {
  const epoch = (await place.current())?.epoch ?? 0;
  return linesOf(join(epochFolder(place.instance, epoch), 'data', 'notes'));
}

function folderOf({ layout }: Place, { version, tree }: Manifest): string {
  return join(layout.versions, versionName(version, tree.digest));
}
