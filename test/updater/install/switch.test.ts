import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { takeLock } from '../../../src/updater/disk/lock.ts';
import { activate, settle, type Switching } from '../../../src/updater/install/activate.ts';
import {
  currentGeneration,
  listGenerations,
  stagedGeneration,
  stageGeneration,
  writeGeneration,
} from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { rollBack, type WayBack } from '../../../src/updater/install/rollback.ts';
import { sweep, tidy } from '../../../src/updater/install/clean/tidy.ts';
import { beginVersion, findVersion, floorOf, listVersions, recordVersion } from '../../../src/updater/install/versions.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import { tempFolder } from '../../ground/folder.ts';
import { digestOf, manifestWith } from '../../ground/manifests.ts';

const now = new Date('2026-05-06T07:08:09.010Z');
const job = quietJob();

async function place(root: string): Promise<Switching & AsyncDisposable> {
  const layout = layoutOf(root);
  const instance = instanceOf(layout, 'default');
  await mkdir(instance.folder, { recursive: true });
  const lock = await takeLock(instance.lock, { waitMs: 0 }, job);
  return { layout, instance, lock, now, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

/** Builds a version with one file the way the engine does. */
async function makeVersion({ layout }: Switching, version: string, fields: Partial<Manifest> = {}): Promise<Manifest> {
  const source = join(layout.root, 'source', version);
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'app.txt'), version, { mode: 0o755 });
  const tree = await scanTree(source, job);
  const manifest = manifestWith({ version, tree: { digest: treeDigest(tree), files: [...tree.files], links: [] }, ...fields });
  const folder = await beginVersion(layout, manifest);
  await writeFile(join(folder, 'app.txt'), version, { mode: 0o755 });
  await recordVersion(layout, manifest, { manifestSha256: digestOf(version), floor: { timestamp: 3 }, now });
  return manifest;
}

async function switchTo(switching: Switching, manifest: Manifest) {
  const staged = await stageGeneration(switching.instance, manifest, { why: 'update', now, tries: 3 });
  return activate(staged, switching, job);
}

function to(target: string | null): WayBack {
  return { target, data: null };
}

describe('the switch', () => {
  it('makes a staged generation of content the good one by one rename, and keeps the one before as its way back', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    const staged = await stageGeneration(switching.instance, await makeVersion(switching, '1.1.0'), { why: 'update', now, tries: 3 });
    expect(await currentGeneration(switching.instance)).toMatchObject({ n: 1, version: '1.0.0', state: 'good' });
    expect(await stagedGeneration(switching.instance)).toEqual(staged);
    const current = await activate(staged, switching, job);
    expect(current).toMatchObject({ n: 2, version: '1.1.0', state: 'good', previous: 1, epoch: 1, confirmedAt: '2026-05-06T07:08:09Z' });
    expect(await currentGeneration(switching.instance)).toEqual(current);
    expect(await stagedGeneration(switching.instance)).toBe(null);
    expect(await readFile(switching.instance.pointer, 'utf8')).toBe('{"generation":2}\n');
  });

  it('leaves a version with a program current and untried', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const manifest = await makeVersion(switching, '1.0.0', { entry: { program: 'app.txt', args: [] } });
    expect(await switchTo(switching, manifest)).toMatchObject({ n: 1, state: 'staged', confirmedAt: null });
    expect(await settle(switching)).toMatchObject({ n: 1, state: 'staged' });
  });

  it('is finished by the next command when it was cut off after the pointer', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const staged = await stageGeneration(switching.instance, await makeVersion(switching, '1.0.0'), { why: 'install', now, tries: 3 });
    await writeFile(switching.instance.pointer, `{"generation":${staged.n}}\n`);
    expect(await settle(switching)).toMatchObject({ n: 1, state: 'good' });
  });

  it('refuses to point at a version that is gone', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const staged = await stageGeneration(switching.instance, manifestWith({}), { why: 'update', now, tries: 3 });
    await expect(activate(staged, switching, job)).rejects.toMatchObject({ code: 'switch/denied' });
    expect(await currentGeneration(switching.instance)).toBe(null);
  });
});

describe('going back', () => {
  it('is a new generation with the old version, and forward again is another one', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    await switchTo(switching, await makeVersion(switching, '1.1.0'));
    expect(await rollBack(to(null), switching, job)).toMatchObject({ n: 3, version: '1.0.0', why: 'rollback', previous: 2, state: 'good' });
    expect(await rollBack(to('1.1.0'), switching, job)).toMatchObject({ n: 4, version: '1.1.0', previous: 3 });
    expect((await listGenerations(switching.instance)).map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });

  it('refuses a version that is damaged, unknown, or that the running one forbids', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const first = await makeVersion(switching, '1.0.0');
    await switchTo(switching, first);
    await switchTo(switching, await makeVersion(switching, '1.1.0', { rollback: { supported: true, minVersion: '1.0.5' } }));
    await expect(rollBack(to('7.0.0'), switching, job)).rejects.toMatchObject({ code: 'usage/wrong' });
    await expect(rollBack(to(null), switching, job)).rejects.toMatchObject({ code: 'switch/denied' });
    await switchTo(switching, await makeVersion(switching, '1.2.0'));
    const version = await findVersion(switching.layout, first.tree.digest);
    await writeFile(join(version?.folder ?? '', 'app.txt'), '1.0.1');
    await expect(rollBack(to('1.0.0'), switching, job)).rejects.toMatchObject({ code: 'switch/denied' });
    expect(await currentGeneration(switching.instance)).toMatchObject({ version: '1.2.0' });
  });

  it('is going nowhere when the version that is asked for runs already', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    await switchTo(switching, await makeVersion(switching, '1.1.0'));
    const back = await rollBack(to('1.0.0'), switching, job);
    expect([await rollBack(to('1.0.0'), switching, job), await rollBack(to('3'), switching, job)]).toEqual([back, back]);
    expect(await listGenerations(switching.instance)).toHaveLength(3);
  });

  it('R02 without a target does not lead forward again when it is repeated after a kill past the pointer', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    await switchTo(switching, await makeVersion(switching, '1.1.0'));
    const back = await rollBack(to(null), switching, job);
    await writeGeneration(switching.instance, { ...back, state: 'staged' });
    expect(await rollBack(to(null), switching, job)).toMatchObject({ n: 3, version: '1.0.0', state: 'good' });
    expect(await rollBack(to(null), switching, job)).toMatchObject({ n: 4, version: '1.1.0' });
  });
});

describe('a version', () => {
  it('does not exist before its record, and S12: what lies in its place is replaced, whatever it is', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const manifest = manifestWith({});
    const built = await beginVersion(switching.layout, manifest);
    await writeFile(join(built, 'foreign'), 'x');
    expect(await listVersions(switching.layout)).toEqual([]);
    await writeFile(join(folder.path, 'canary'), 'alive');
    const again = await beginVersion(switching.layout, manifest);
    expect(await readdir(again)).toEqual([]);
    await symlink(folder.path, join(again, 'link'));
    expect(await readdir(await beginVersion(switching.layout, manifest))).toEqual([]);
    expect(await readFile(join(folder.path, 'canary'), 'utf8')).toBe('alive');
  });

  it('S12 a link that was put where a version will be built is removed and not followed', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const manifest = manifestWith({});
    const target = join(folder.path, 'elsewhere');
    await mkdir(target);
    const built = await beginVersion(switching.layout, manifest);
    await tidy(switching.layout, new Set());
    await symlink(target, built);
    await writeFile(join(await beginVersion(switching.layout, manifest), 'inside'), 'x');
    expect(await readdir(target)).toEqual([]);
  });

  it('is never built anew while an instance runs it, even when its record is damaged', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    const manifest = await makeVersion(switching, '1.0.0');
    await switchTo(switching, manifest);
    const name = `1.0.0-${manifest.tree.digest.slice(0, 8)}`;
    await writeFile(join(switching.layout.versions, `${name}.json`), 'garbage');
    await expect(beginVersion(switching.layout, manifest)).rejects.toMatchObject({ code: 'state/damaged' });
    await tidy(switching.layout, new Set());
    expect(await readFile(join(switching.layout.versions, name, 'app.txt'), 'utf8')).toBe('1.0.0');
  });

  it('carries the versions of the metadata it was accepted under, for when the trust folder is gone', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await makeVersion(switching, '1.0.0');
    expect(await floorOf(switching.layout)).toEqual({ timestamp: 3 });
  });
});

describe('tidying', () => {
  it('removes what killed replacements left beside records, and nothing that only looks alike', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    const { layout, instance } = switching;
    const epoch = join(instance.epochs, '1');
    const places = [layout.root, layout.versions, layout.trust, layout.accepted, instance.folder, instance.generations, epoch];
    for (const folder of places) await writeFile(join(folder, '.moult-new-0123456789abcdef'), 'half');
    for (const folder of [layout.versions, instance.epochs])
      await mkdir(join(folder, '.moult-old-0123456789abcdef', 'data'), { recursive: true });
    await writeFile(join(layout.root, '.moult-new-mine'), 'mine');
    await writeFile(join(layout.instances, '.DS_Store'), 'not an instance');
    await sweep(layout, job);
    const leftAtWork = await readdir(layout.root, { recursive: true });
    const ofInstance = leftAtWork.filter((path) => path.includes('.moult') && path.includes('default'));
    expect(ofInstance.length).toBe(5);
    await switching[Symbol.asyncDispose]();
    await sweep(layout, job);
    const left = await readdir(layout.root, { recursive: true });
    expect(left.filter((path) => path.includes('.moult'))).toEqual(['.moult-new-mine']);
  });

  it('removes unfinished trees and stale downloads and nothing else', async () => {
    await using folder = await tempFolder();
    await using switching = await place(folder.path);
    await switchTo(switching, await makeVersion(switching, '1.0.0'));
    const before = (await readdir(switching.layout.versions)).toSorted();
    await beginVersion(switching.layout, manifestWith({ version: '9.0.0' }));
    await mkdir(switching.layout.downloads);
    await writeFile(join(switching.layout.downloads, 'keep.patch'), '');
    await writeFile(join(switching.layout.downloads, 'stale.patch'), '');
    await tidy(switching.layout, new Set(['keep.patch']));
    expect((await readdir(switching.layout.versions)).toSorted()).toEqual(before);
    expect(await readdir(switching.layout.downloads)).toEqual(['keep.patch']);
  });
});
