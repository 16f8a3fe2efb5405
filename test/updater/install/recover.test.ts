import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planRecovery, recoverPointer, type Remains } from '../../../src/updater/install/checks/recover.ts';
import { ensureEpoch, type EpochRecord } from '../../../src/updater/install/epoch/record.ts';
import { currentGeneration, readGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf } from '../../../src/updater/install/layout.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { tempFolder } from '../../ground/folder.ts';
import { generationOf, openGround, plainTree } from '../../main/launcher/ground.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';

const now = new Date('2026-05-06T07:08:09Z');
const damaged = new Failed('state/damaged', 'x').failure;
const [one, two] = [manifestOf('1.0.0', 1), manifestOf('2.0.0', 2)] as const;
const first = generationOf({ n: 1, treeDigest: one.tree.digest, dataVersion: 1 });
const second = generationOf({ n: 2, version: '2.0.0', treeDigest: two.tree.digest, dataVersion: 2, epoch: 2 });

function manifestOf(version: string, dataVersion: number) {
  return manifestWith({ version, dataVersion, tree: { digest: digestOf(version), files: [], links: [] } });
}

function epochOf(epoch: number, fields: Partial<EpochRecord> = {}): EpochRecord {
  const record = {
    epoch,
    dataVersion: epoch,
    from: null,
    generation: epoch,
    why: 'update',
    data: 'clone',
    createdAt: '2026-05-06T07:08:09Z',
    state: 'live',
  } as const;
  return { ...record, ...fields };
}

function remains(fields: Partial<Remains>): Remains {
  const all = { versions: [one, two], generations: [first, second], epochs: [epochOf(1), epochOf(2)], nextNumber: 3 };
  return { lost: { n: null, failure: damaged }, ...all, ...fields };
}

describe('the decision what to run when nothing says so', () => {
  const cases: readonly (readonly [string, Partial<Remains>, object])[] = [
    ['the newest good one, where only the pointer is lost', {}, { kind: 'point', to: second }],
    [
      'never a bad one while there is another',
      {
        generations: [
          { ...first, state: 'trying' },
          { ...second, state: 'bad' },
        ],
      },
      { kind: 'point', to: { ...first, state: 'trying' } },
    ],
    [
      'a lost record, from the epoch that was made for it and the version that no other one names',
      { lost: { n: 2, failure: damaged }, generations: [first] },
      { kind: 'rebuild', n: 2, version: two, epoch: epochOf(2), previous: 1 },
    ],
    [
      'a lost rollback, with the version whose data version its epoch has',
      { lost: { n: 3, failure: damaged }, epochs: [epochOf(1), epochOf(2), epochOf(3, { dataVersion: 2 })] },
      { kind: 'rebuild', n: 3, version: two, epoch: epochOf(3, { dataVersion: 2 }), previous: 2 },
    ],
    [
      'no abandoned data, and no data that no version can read',
      {
        lost: { n: 3, failure: damaged },
        epochs: [epochOf(3, { state: 'abandoned', dataVersion: 2 }), epochOf(4, { generation: 3, dataVersion: 9 })],
      },
      { kind: 'point', to: second },
    ],
    [
      'what this program knows, where a newer one wrote the record',
      { lost: { n: 3, failure: new Failed('state/newer', 'x').failure }, epochs: [epochOf(1), epochOf(2), epochOf(3, { dataVersion: 2 })] },
      { kind: 'point', to: second },
    ],
    [
      'the newest version that can read the newest data, where no record is left',
      { generations: [], epochs: [epochOf(1)] },
      { kind: 'rebuild', n: 3, version: one, epoch: epochOf(1), previous: null },
    ],
    [
      'a version without data, where there is none',
      { generations: [], epochs: [] },
      { kind: 'rebuild', n: 3, version: two, epoch: null, previous: null },
    ],
    ['nothing, where no version stands', { generations: [], versions: [] }, { kind: 'nothing' }],
  ];
  for (const [name, fields, expected] of cases) {
    it(`R15 is ${name}`, () => {
      expect(planRecovery(remains(fields))).toEqual(expected);
    });
  }
});

describe('recovering', () => {
  async function twoVersions(folder: string) {
    const ground = await openGround(join(folder, 'root'));
    const older = await ground.version('1.0.0', plainTree('1.0.0'));
    const newer = await ground.version('1.1.0', plainTree('1.1.0'));
    for (const manifest of [older, newer]) {
      const { n, epoch } = await ground.generation(manifest);
      await ensureEpoch(ground.instance, epochOf(epoch, { generation: n, dataVersion: 0 }));
    }
    return { ...ground, older, newer, now };
  }

  it('leaves a pointer alone that names a readable record', async () => {
    await using folder = await tempFolder();
    const ground = await twoVersions(folder.path);
    expect(await recoverPointer(ground)).toBe(null);
    expect(await readFile(ground.instance.pointer, 'utf8')).toBe('{"generation":2}\n');
  });

  it('R15 mends a pointer that is empty, cut off, gone, points nowhere, or is from a newer schema', async () => {
    await using folder = await tempFolder();
    const ground = await twoVersions(folder.path);
    const { pointer } = ground.instance;
    const damages = [
      () => truncate(pointer),
      () => truncate(pointer, 10),
      () => rm(pointer),
      () => writeFile(pointer, '{"generation":77}\n'),
      () => writeFile(pointer, '{"generation":1,"schema":2}\n'),
    ];
    const codes: unknown[] = [];
    for (const damage of damages) {
      await damage();
      codes.push((await recoverPointer(ground))?.code, (await currentGeneration(ground.instance))?.n);
    }
    const mended = ['state/damaged', 2];
    expect(codes).toEqual([...mended, ...mended, ...mended, ...mended, 'state/newer', 2]);
  });

  it('R15 writes a lost record anew, with its data and the version before as its way back, to be proven again', async () => {
    await using folder = await tempFolder();
    const ground = await twoVersions(folder.path);
    for (const damage of [rm, truncate]) {
      await damage(join(ground.instance.generations, '2.json'));
      expect(await recoverPointer(ground)).toMatchObject({ code: 'state/damaged' });
      expect(await currentGeneration(ground.instance)).toMatchObject({
        n: 2,
        version: '1.1.0',
        epoch: 2,
        state: 'staged',
        triesLeft: 3,
        previous: 1,
      });
      expect(await recoverPointer(ground)).toBe(null);
    }
  });

  it('runs what it knows beside a record of a newer schema, and leaves that one as it is', async () => {
    await using folder = await tempFolder();
    const ground = await twoVersions(folder.path);
    const path = join(ground.instance.generations, '2.json');
    const text = (await readFile(path, 'utf8'))
      .replace('"n":2', '"n":2,"schema":2')
      .replace('"schema":2,"previous":1', '"previous":1,"schema":2');
    await writeFile(path, text);
    await expect(readGeneration(ground.instance, 2)).rejects.toMatchObject({ code: 'state/newer' });
    expect(await recoverPointer(ground)).toMatchObject({ code: 'state/newer' });
    expect(await currentGeneration(ground.instance)).toMatchObject({ n: 1 });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('R15 starts over from a version when an instance has lost every record, and invents no other instance', async () => {
    await using folder = await tempFolder();
    const ground = await twoVersions(folder.path);
    expect(await recoverPointer({ ...ground, instance: instanceOf(ground.layout, 'other') })).toBe(null);
    await rm(ground.instance.folder, { recursive: true });
    expect(await recoverPointer(ground)).toMatchObject({ code: 'state/damaged' });
    expect(await currentGeneration(ground.instance)).toMatchObject({ n: 1, why: 'repair', state: 'staged', epoch: 1 });
  });
});
