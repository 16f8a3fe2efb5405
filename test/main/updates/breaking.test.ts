/** Versions that break with something: nothing happens without a choice about the data. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { epochFolder } from '../../../src/updater/install/epoch/record.ts';
import { installedGeneration } from '../../../src/updater/install/generations.ts';
import { readableSnapshots } from '../../../src/updater/store/records.ts';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, minute, programOf, well, type Life } from './life/life.ts';

const breaks = (what: string) => ({ changelog: { notes: {}, changes: [], breaking: [{ what, exports: [] }] } });

async function data(life: Life): Promise<readonly string[]> {
  const { epoch } = await installedGeneration(life.place.instance);
  return readdir(join(epochFolder(life.place.instance, epoch), 'data'));
}

it('E6 a breaking version is never prepared by itself: its data is migrated, begun afresh after a snapshot, or left alone', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const { epoch } = await installedGeneration(life.place.instance);
  await writeFile(join(epochFolder(life.place.instance, epoch), 'data', 'notes'), 'mine');
  await life.ask('prefs/set', { autoUpdate: 'all' });

  await life.release('2.0.0', breaks('a new format'), programOf(well, 2, [1, 2]));
  await life.pass(minute);
  expect(life.board().present).toMatchObject({
    update: { kind: 'available', version: '2.0.0' },
    offer: {
      waits: 'breaking',
      breaking: { changes: ['a new format'], canMigrate: true, canSnapshot: true, choice: null },
      dataMigration: { from: 1, to: 2 },
    },
    banner: { kind: 'offer' },
  });
  await expect(life.ask('updates/decide', { version: '2.0.0', decision: 'now' })).rejects.toThrow('switch/breaking');
  await expect(life.ask('updates/decide', { version: '2.0.0', decision: 'always' })).rejects.toThrow('switch/breaking');
  await life.ask('updates/break', { version: '2.0.0', choice: 'migrate' });
  await life.settle();
  expect(life.board().present).toMatchObject({ update: { kind: 'ready' }, offer: { breaking: { choice: 'migrate' } } });
  expect(await life.restart()).toMatchObject({ takenBack: null, generation: { version: '2.0.0' } });
  expect(await data(life)).toEqual(['notes']);

  await life.release('4.0.0', breaks('nothing stays'), programOf(well, 4, []));
  await life.ask('updates/check', {});
  expect(life.board().present.offer).toMatchObject({ version: '4.0.0', breaking: { changes: ['nothing stays'], canMigrate: false } });
  await expect(life.ask('updates/break', { version: '4.0.0', choice: 'migrate' })).rejects.toThrow('switch/data');
  const before = await readableSnapshots(life.place.instance.snapshots);
  const { ask } = life.engine;
  life.engine.ask = async (request, job) => {
    if (request.kind === 'snapshot') throw new Error('no room');
    return ask(request, job);
  };
  await expect(life.ask('updates/break', { version: '4.0.0', choice: 'fresh' })).rejects.toThrow('no room');
  life.engine.ask = ask;
  expect(life.board().present.update.kind).not.toBe('preparing');
  await life.ask('updates/break', { version: '4.0.0', choice: 'fresh' });
  await life.ask('updates/break', { version: '4.0.0', choice: 'cancel' });
  await life.settle();
  expect(life.board().present).toMatchObject({ update: { kind: 'available' }, offer: { breaking: { choice: null } } });
  await life.ask('updates/break', { version: '4.0.0', choice: 'fresh' });
  await life.settle();
  const snapshots = await readableSnapshots(life.place.instance.snapshots);
  expect(snapshots.filter(({ note }) => note === 'before 4.0.0').length).toBeGreaterThan(0);
  expect(snapshots.length).toBeGreaterThan(before.length);
  expect(await life.restart()).toMatchObject({ takenBack: null, generation: { version: '4.0.0', data: 'fresh' } });
  expect(await data(life)).toEqual([]);
});
