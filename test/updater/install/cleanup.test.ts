import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanUp, neededGenerations } from '../../../src/updater/install/clean/cleanup.ts';
import { ensureEpoch } from '../../../src/updater/install/epoch/record.ts';
import { retireEpochs } from '../../../src/updater/install/epoch/snapshot/retire.ts';
import type { Generation } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { folderOf, generationOf, openGround, plainTree, type Ground } from '../../main/launcher/ground.ts';
import { digestOf } from '../../ground/manifests.ts';

const versions = ['1.0.0', '1.1.0', '1.2.0', '1.3.0'] as const;

/** Four versions, each with a good generation; the last one runs. */
async function fourVersions(folder: string) {
  const ground = await openGround(join(folder, 'root'));
  const manifests = [];
  for (const version of versions) {
    const manifest = await ground.version(version, plainTree(version));
    await ground.generation(manifest);
    manifests.push(manifest);
  }
  return { ...ground, manifests };
}

/** The versions whose record, tree, list and manifest are all there; throws when some are there without the others. */
async function standing({ layout }: Pick<Ground, 'layout'>): Promise<readonly string[]> {
  const names = await readdir(layout.versions);
  const trees = names.filter((name) => /-[0-9a-f]{8}$/.test(name));
  expect(names.toSorted()).toEqual(trees.flatMap((name) => [name, `${name}.boot`, `${name}.json`]).toSorted());
  expect((await readdir(layout.accepted)).map((name) => name.slice(0, 8)).toSorted()).toEqual(
    trees.map((name) => name.slice(-8)).toSorted(),
  );
  return trees.map((name) => name.slice(0, -9)).toSorted();
}

describe('cleaning up', () => {
  it('keeps the current version and the one before it, every generation record, and nothing else', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    expect((await cleanUp(ground)).versions.map((name) => name.slice(0, 5))).toEqual(['1.0.0', '1.1.0']);
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
    expect(await readdir(ground.instance.generations)).toHaveLength(4);
    expect(await cleanUp(ground)).toEqual({ versions: [], objects: 0 });
  });

  it('removes nothing while the current generation has not proven itself', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const [, , , newest] = ground.manifests;
    if (newest === undefined) throw new Error('no version');
    for (const state of ['staged', 'trying', 'bad'] as const) {
      await ground.generation(newest, { state });
      await cleanUp(ground);
    }
    expect(await standing(ground)).toEqual(versions);
  });

  it('removes nothing while a pointer, a needed record or a snapshot of any instance cannot be read', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const { instance, layout } = ground;
    const record = join(instance.generations, '3.json');
    const before = await readFile(record);
    await truncate(record, 40);
    await cleanUp(ground);
    await writeFile(record, before);
    const other = join(layout.instances, 'other');
    await mkdir(join(other, 'snapshots'), { recursive: true });
    await writeFile(join(other, 'current.json'), '');
    await cleanUp(ground);
    await rm(join(other, 'current.json'));
    await writeFile(join(other, 'snapshots', '1-abcdef.json'), 'garbage');
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(versions);
    await rm(other, { recursive: true });
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
  });

  it('R22 keeps what another instance runs and goes back to, also when it stayed behind', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const other = join(ground.layout.instances, 'other');
    await cp(ground.instance.folder, other, { recursive: true });
    await writeFile(join(other, 'current.json'), '{"generation":1}\n');
    for (const n of [2, 3, 4]) await rm(join(other, 'generations', `${n}.json`));
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.0.0', '1.2.0', '1.3.0']);
  });

  it('keeps a version that a process runs, also without being asked by any instance', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const [oldest, older] = ground.manifests;
    if (oldest === undefined || older === undefined) throw new Error('no version');
    const inside = spawn('sleep', ['60'], { cwd: folderOf(ground, oldest), stdio: 'ignore' });
    const named = spawn('/bin/sh', ['-c', 'read -r line', join(folderOf(ground, older), 'app')], { stdio: ['pipe', 'ignore', 'ignore'] });
    await Promise.all([once(inside, 'spawn'), once(named, 'spawn')]);
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(versions);
    inside.kill();
    named.kill();
    await Promise.all([once(inside, 'exit'), once(named, 'exit')]);
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
  });

  it('S20 a link in an old version, or in its place, is removed and never followed: every canary lives', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const [oldest, older] = ground.manifests;
    if (oldest === undefined || older === undefined) throw new Error('no version');
    const canaries = join(folder.path, 'canaries');
    await mkdir(join(canaries, 'deep'), { recursive: true });
    await writeFile(join(canaries, 'deep', 'canary'), 'alive');
    await symlink(canaries, join(folderOf(ground, oldest), 'link'));
    await symlink(join(canaries, 'deep', 'canary'), join(folderOf(ground, oldest), 'lib', 'file link'));
    await symlink('..', join(folderOf(ground, oldest), 'up'));
    await chmod(join(folderOf(ground, oldest), 'lib'), 0o555);
    await rm(folderOf(ground, older), { recursive: true });
    await symlink(canaries, folderOf(ground, older));
    await mkdir(join(ground.layout.objects, 'ab'), { recursive: true });
    await symlink(join(canaries, 'deep', 'canary'), join(ground.layout.objects, 'ab', `ab${'0'.repeat(62)}`));
    expect(await cleanUp(ground)).toMatchObject({ objects: 1 });
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
    expect(await readFile(join(canaries, 'deep', 'canary'), 'utf8')).toBe('alive');
  });

  it('goes on where it was cut off, and leaves alone what is not ours', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const [oldest, older] = ground.manifests;
    if (oldest === undefined || older === undefined) throw new Error('no version');
    await rm(`${folderOf(ground, oldest)}.json`);
    await rm(`${folderOf(ground, older)}.json`);
    await rm(folderOf(ground, older), { recursive: true });
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
    await writeFile(join(ground.layout.versions, 'notes of mine'), 'x');
    await cleanUp(ground);
    expect(await readdir(ground.layout.versions)).toContain('notes of mine');
  });

  it('keeps the description of a version as long as its data is no snapshot yet', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const [oldest] = ground.manifests;
    const record = {
      epoch: 1,
      dataVersion: 0,
      from: null,
      generation: 1,
      why: 'update',
      createdAt: '2026-05-06T07:08:09Z',
      state: 'live',
    } as const;
    await ensureEpoch(ground.instance, record);
    expect((await cleanUp(ground)).versions).toHaveLength(2);
    expect(await readdir(ground.layout.accepted)).toContain(`${oldest?.tree.digest}.json`);
    const ofOldest = { layout: ground.layout, instance: ground.instance, now: new Date() };
    expect((await retireEpochs(ofOldest, quietJob())).kept).toEqual([]);
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.2.0', '1.3.0']);
  });

  it('keeps the version that alone can read data of an abandoned epoch', async () => {
    await using folder = await tempFolder();
    const ground = await fourVersions(folder.path);
    const record = { epoch: 2, from: null, generation: 2, why: 'update', createdAt: '2026-05-06T07:08:09Z' } as const;
    await ensureEpoch(ground.instance, { ...record, dataVersion: 7, state: 'abandoned' });
    await cleanUp(ground);
    expect(await standing(ground)).toEqual(['1.1.0', '1.2.0', '1.3.0']);
  });
});

describe('what an instance still needs', () => {
  const at = (n: number, tree: string, fields: Partial<Generation> = {}): Generation =>
    generationOf({ n, treeDigest: digestOf(tree), previous: n === 1 ? null : n - 1, ...fields });

  it('is the newest good version before the current one, whatever failed or was repeated in between', () => {
    const all = [
      at(1, 'a'),
      at(2, 'b'),
      at(3, 'c', { state: 'bad' }),
      at(4, 'd'),
      at(5, 'e', { state: 'bad' }),
      at(6, 'd', { previous: 4 }),
    ];
    const current = all[5] ?? at(6, 'd');
    const needed = neededGenerations({ all, current, staged: null, abandoned: new Map() });
    expect(needed.map(({ n }) => n)).toEqual([2, 4, 6]);
  });

  it('is the one that waits as well', () => {
    const all = [at(1, 'a'), at(2, 'b'), at(3, 'c'), at(4, 'd', { state: 'staged' })];
    const [, , current, staged] = all;
    if (current === undefined || staged === undefined) throw new Error('no generation');
    expect(neededGenerations({ all, current, staged, abandoned: new Map() }).map(({ n }) => n)).toEqual([2, 3, 4]);
  });
});
