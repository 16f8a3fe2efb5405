import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecord, writeRecord } from '../../../../src/updater/disk/atomic.ts';
import { canonicalJson } from '../../../../src/updater/disk/json.ts';
import { sha256Hex } from '../../../../src/updater/disk/hash.ts';
import type { Switching } from '../../../../src/updater/install/activate.ts';
import { deleteSnapshot, pinSnapshot, removeUnnamed, surplus, tidySnapshots } from '../../../../src/updater/install/epoch/snapshot/keep.ts';
import { restoreSnapshot } from '../../../../src/updater/install/epoch/snapshot/restore.ts';
import { retireEpochs } from '../../../../src/updater/install/epoch/snapshot/retire.ts';
import { takeSnapshot } from '../../../../src/updater/install/epoch/snapshot/take.ts';
import { abandonEpoch } from '../../../../src/updater/install/epoch/epochs.ts';
import { epochFolder, listEpochs } from '../../../../src/updater/install/epoch/record.ts';
import { currentGeneration, listGenerations } from '../../../../src/updater/install/generations.ts';
import { compareTree } from '../../../../src/updater/disk/scan.ts';
import { findVersion } from '../../../../src/updater/install/versions.ts';
import { rollBack } from '../../../../src/updater/install/rollback.ts';
import type { Snapshot } from '../../../../src/updater/model/application/snapshot.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { listObjects, objectPath } from '../../../../src/updater/store/objects.ts';
import { listSnapshots, readableSnapshots } from '../../../../src/updater/store/records.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { digestOf } from '../../../ground/manifests.ts';
import { makeVersion, migratorOf, notesOf, now, openPlace, readNotes, run, scriptOf, writeNotes } from './place.ts';

const job = quietJob();
const wish = { kind: 'manual', note: '', program: false, rehash: false } as const;

async function currentEpoch({ instance }: Switching): Promise<number> {
  return (await currentGeneration(instance))?.epoch ?? 0;
}

/** An instance that runs 1.0.0, whose data is version 1, with one note. */
async function withNotes(place: Switching): Promise<void> {
  await run(place, await makeVersion(place, scriptOf(''), { version: '1.0.0', ...notesOf(1) }));
  writeNotes(place.instance, await currentEpoch(place), 'first');
}

/** Changes a snapshot's record as somebody would who knows how it is written. */
async function forge(place: Switching, { id }: Snapshot, change: Readonly<Record<string, unknown>>): Promise<void> {
  const path = join(place.instance.snapshots, `${id}.json`);
  const { checksum: _, ...content } = (await readRecord(path, (value) => value as Record<string, unknown>)) ?? {};
  const changed = { ...content, ...change };
  await writeRecord(path, { ...changed, checksum: sha256Hex(canonicalJson(changed)) });
}

describe('going back to a snapshot', () => {
  it('brings back version and data as a new generation with an epoch of its own, and keeps what was there as a snapshot', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    const snapshot = await takeSnapshot({ ...wish, note: 'before the move' }, place, job);
    const migration = migratorOf("ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT ''");
    await run(place, await makeVersion(place, migration, { version: '1.1.0', ...notesOf(2) }));
    const left = await currentEpoch(place);
    const restored = await restoreSnapshot(snapshot.id.split('-')[0] ?? '', place, job);
    expect(restored.generation).toMatchObject({ n: 3, version: '1.0.0', state: 'staged', why: 'restore', previous: 2, dataVersion: 1 });
    expect(await currentGeneration(place.instance)).toEqual(restored.generation);
    expect(restored.generation.epoch).not.toBe(left);
    expect(readNotes(place.instance, restored.generation.epoch)).toEqual({ version: 1, texts: ['first'] });
    expect(readNotes(place.instance, left)).toEqual({ version: 2, texts: ['first'] });
    expect(restored.before).toMatchObject({ kind: 'pre-update', version: '1.1.0', dataVersion: 2, generation: 2, epoch: left });
    const forward = await restoreSnapshot(restored.before.id, place, job);
    expect(readNotes(place.instance, forward.generation.epoch)).toEqual({ version: 2, texts: ['first'] });
    expect(forward.generation).toMatchObject({ n: 4, version: '1.1.0' });
  });

  const refusals: readonly (readonly [string, string, (place: Switching, snapshot: Snapshot) => Promise<unknown>])[] = [
    ['of another platform', 'switch/denied', (place, snapshot) => forge(place, snapshot, { platform: 'win32' })],
    ['of another product', 'switch/denied', (place, snapshot) => forge(place, snapshot, { product: 'moulted' })],
    ['of a version that is not here', 'switch/denied', (place, snapshot) => forge(place, snapshot, { treeDigest: digestOf('other') })],
    ['of a later program', 'state/newer', (place, snapshot) => forge(place, snapshot, { schema: 2 })],
    ['with a path that climbs', 'state/damaged', (place, snapshot) => forge(place, snapshot, { folders: ['data/../../..'] })],
    [
      'with one path twice',
      'state/damaged',
      (place, snapshot) => forge(place, snapshot, { files: [...snapshot.files, ...snapshot.files] }),
    ],
    ['that lacks an object', 'state/damaged', (place, { files }) => rm(objectPath(place.layout.objects, files[0]?.sha256 ?? ''))],
    [
      'with an object of other bytes',
      'state/damaged',
      (place, { files }) => flip(objectPath(place.layout.objects, files[0]?.sha256 ?? '')),
    ],
    ['with a flipped byte in its record', 'state/damaged', (place, { id }) => flip(join(place.instance.snapshots, `${id}.json`))],
    ['with an empty record', 'state/damaged', (place, { id }) => writeFile(join(place.instance.snapshots, `${id}.json`), '')],
    ["under another's name", 'state/damaged', (place, { id }) => rename(place, id)],
  ];
  it.each(refusals)('is refused for one %s (%s), and nothing is lost', async (_what, code, damage) => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    await writeSource(place);
    const snapshot = await takeSnapshot(wish, place, job);
    await damage(place, snapshot);
    const before = [await currentGeneration(place.instance), await listGenerations(place.instance), await readdir(place.instance.epochs)];
    const [named = ''] = (await listSnapshots(place.instance.snapshots)).map(({ id }) => id);
    await expect(restoreSnapshot(named, place, job)).rejects.toMatchObject({ code });
    expect([await currentGeneration(place.instance), await listGenerations(place.instance), await readdir(place.instance.epochs)]).toEqual(
      before,
    );
    expect(readNotes(place.instance, await currentEpoch(place)).texts).toEqual(['first']);
  });

  it('makes the version stand again from its own copy, where the snapshot was told to keep one', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    const contents = { ...scriptOf(''), 'lib/text': 'one\n' };
    const version = await makeVersion(place, contents, { version: '1.0.0', ...notesOf(1) });
    await run(place, version);
    const snapshot = await takeSnapshot({ ...wish, program: true }, place, job);
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1) }));
    await rm(version.folder, { recursive: true });
    await rm(`${version.folder}.json`);
    expect((await restoreSnapshot(snapshot.id, place, job)).generation).toMatchObject({ version: '1.0.0', why: 'restore' });
    expect((await findVersion(place.layout, version.record.treeDigest))?.record).toEqual(version.record);
    const { missing, extra, changed } = await compareTree(version.folder, version.manifest.tree, job);
    expect([missing, extra, changed]).toEqual([[], [], []]);
  });

  it('is refused when the running version may not be left for that one', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    const snapshot = await takeSnapshot(wish, place, job);
    const rollback = { supported: false, minVersion: null };
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1), rollback }));
    await expect(restoreSnapshot(snapshot.id, place, job)).rejects.toMatchObject({ code: 'switch/denied' });
    await expect(restoreSnapshot('77', place, job)).rejects.toMatchObject({ code: 'usage/wrong' });
  });
});

describe('epochs that were left', () => {
  it('become snapshots and their folders go, once the present generation is good; a rollback finds them there', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    const migration = migratorOf("ALTER TABLE notes ADD COLUMN title TEXT NOT NULL DEFAULT ''");
    await run(place, await makeVersion(place, migration, { version: '1.1.0', ...notesOf(2) }));
    const current = await currentEpoch(place);
    const { made, kept } = await retireEpochs(place, job);
    expect(kept).toEqual([]);
    expect(made.map(({ kind, version, generation }) => ({ kind, version, generation }))).toEqual([
      { kind: 'pre-update', version: '1.0.0', generation: 1 },
    ]);
    expect((await listEpochs(place.instance)).map(({ epoch }) => epoch)).toEqual([current]);
    expect(await retireEpochs(place, job)).toEqual({ made: [], kept: [] });
    const back = await rollBack({ target: null, data: 'restore' }, place, job);
    expect(back).toMatchObject({ version: '1.0.0', why: 'rollback', dataVersion: 1 });
    expect(readNotes(place.instance, back.epoch)).toEqual({ version: 1, texts: ['first'] });
    expect(back.epoch).toBeGreaterThan(current);
  });

  it('R23 stay as abandoned snapshots for 90 signed days when their version was taken back', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1) }));
    const trial = await currentEpoch(place);
    writeNotes(place.instance, trial, 'written during the trial');
    const first = (await listGenerations(place.instance))[0];
    if (first === undefined) throw new Error('no generation');
    await writeRecord(place.instance.pointer, { generation: first.n });
    await abandonEpoch(place.instance, trial);
    const { made } = await retireEpochs(place, job);
    expect(made).toMatchObject([{ kind: 'abandoned', version: '1.1.0', epoch: trial }]);
    const after = (days: number): Date => new Date(now.getTime() + days * 86_400_000);
    const kept = async (signedNow: Date | null): Promise<readonly string[]> =>
      tidySnapshots({ keep: 5, signedNow: async () => signedNow }, place);
    expect(await kept(null)).toEqual([]);
    expect(await kept(after(89))).toEqual([]);
    const restored = await restoreSnapshot(made[0]?.id ?? '', place, job);
    expect(readNotes(place.instance, restored.generation.epoch).texts).toEqual(['first', 'written during the trial']);
    expect(await kept(after(91))).toEqual([made[0]?.id]);
  });

  it('stay folders while the present generation has not proven itself', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1) }));
    const current = await currentGeneration(place.instance);
    await writeRecord(join(place.instance.generations, '2.json'), { ...current, state: 'trying' });
    expect(await retireEpochs(place, job)).toEqual({ made: [], kept: [] });
    expect((await listEpochs(place.instance)).length).toBe(2);
  });
});

describe('which snapshots stay', () => {
  const origin = { product: 'moult', platform: 'linux', arch: 'x64', version: '1.0.0', treeDigest: digestOf('tree'), evolutions: {} };
  const nothing = { dataVersion: 0, folders: [], files: [], program: null, size: 0, checksum: digestOf('') };
  const made = {
    schema: 1,
    createdAt: '2026-05-06T07:08:09Z',
    kind: 'scheduled',
    note: '',
    pinned: false,
    generation: 1,
    epoch: 1,
  } as const;
  const snapshotOf = (id: string, change: Partial<Snapshot>): Snapshot => ({ id, ...origin, ...nothing, ...made, ...change });

  it('are the newest automatic ones, by number whatever the clock said, and all that somebody made or pinned', () => {
    const all = [
      snapshotOf('1-000000', { kind: 'manual' }),
      snapshotOf('2-000000', {}),
      snapshotOf('3-000000', { pinned: true }),
      snapshotOf('4-000000', { kind: 'pre-update', createdAt: '2036-05-06T07:08:09Z' }),
      snapshotOf('5-000000', { createdAt: '2016-05-06T07:08:09Z' }),
      snapshotOf('6-000000', { kind: 'abandoned' }),
    ];
    expect(surplus(all, { keep: 2, abandonedDays: 90, signedNow: null }).map(({ id }) => id)).toEqual(['2-000000']);
    expect(surplus(all, { keep: 1, abandonedDays: 90, signedNow: new Date('2027-01-01') }).map(({ id }) => id)).toEqual([
      '2-000000',
      '4-000000',
      '6-000000',
    ]);
  });

  it('a pinned one cannot be deleted before it is unpinned, and takes only its own contents with it', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    const data = join(epochFolder(place.instance, await currentEpoch(place)), 'data');
    await writeFile(join(data, 'shared'), 'shared');
    await writeFile(join(data, 'own'), 'own');
    const first = await takeSnapshot(wish, place, job);
    await rm(join(data, 'own'));
    const second = await takeSnapshot(wish, place, job);
    await pinSnapshot(first.id, true, place);
    await expect(deleteSnapshot(first.id, place)).rejects.toMatchObject({
      code: 'usage/wrong',
      message: expect.stringContaining('pinned'),
    });
    await pinSnapshot(first.id, false, place);
    expect(await deleteSnapshot('1', place)).toBe(first.id);
    expect((await readableSnapshots(place.instance.snapshots)).map(({ id }) => id)).toEqual([second.id]);
    expect(await listObjects(place.layout.objects)).toEqual([...new Set(second.files.map(({ sha256 }) => sha256))].toSorted());
  });

  it('the only data of the way back cannot be deleted', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    await run(place, await makeVersion(place, scriptOf('2'), { version: '1.1.0', ...notesOf(1) }));
    const { made } = await retireEpochs(place, job);
    const [only = ''] = made.map(({ id }) => id);
    await expect(deleteSnapshot(only, place)).rejects.toMatchObject({
      code: 'usage/wrong',
      message: expect.stringContaining('the way back'),
    });
    expect(await tidySnapshots({ keep: 0, signedNow: async () => null }, place)).toEqual([]);
  });

  it('no object goes while a record cannot be read, and a damaged one can be deleted', async () => {
    await using folder = await tempFolder();
    await using place = await openPlace(folder.path);
    await withNotes(place);
    const snapshot = await takeSnapshot(wish, place, job);
    await mkdir(join(place.layout.objects, 'ff'));
    await writeFile(objectPath(place.layout.objects, 'f'.repeat(64)), 'unnamed');
    await writeFile(join(place.instance.snapshots, '2-abcdef.json'), 'garbage');
    expect(await removeUnnamed(place.layout)).toBe(0);
    expect(await deleteSnapshot('2', place)).toBe('2-abcdef');
    expect(await listObjects(place.layout.objects)).toEqual([...new Set(snapshot.files.map(({ sha256 }) => sha256))].toSorted());
  });
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

async function rename({ instance }: Switching, id: string): Promise<void> {
  const bytes = await readFile(join(instance.snapshots, `${id}.json`));
  await rm(join(instance.snapshots, `${id}.json`));
  await writeFile(join(instance.snapshots, '7-abcdef.json'), bytes);
}

async function writeSource({ layout }: Switching): Promise<void> {
  const source = { product: 'moult', channel: 'stable', platform: 'linux', arch: 'x64', urls: ['http://127.0.0.1'], trustedRoot: '{}' };
  await writeRecord(layout.source, { ...source, machineId: '0'.repeat(32) });
}
