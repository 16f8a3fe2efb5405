import { chmod, link, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readManifest } from '../../../../build/release/publish/staging.ts';
import { keptTree } from '../../../../build/release/make/trees.ts';
import { buildRelease } from '../../../../build/release/make/build.ts';
import { scanTree } from '../../../../src/updater/disk/scan.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import type { Manifest } from '../../../../src/updater/model/manifest.ts';
import { noise, workbench, writeTree, type Contents, type Workbench } from '../workbench.ts';

const job = quietJob();
const big = noise(7, 40_000);
const first: Contents = { 'bin/run*': '#!/bin/sh\n', 'data/größe.bin': big, empty: '', latest: { link: 'data/größe.bin' } };

async function manifestOf(bench: Workbench, built: Awaited<ReturnType<Workbench['build']>>): Promise<Manifest> {
  return readManifest(bench.repo, built.staged);
}

async function filesOf(bench: Workbench, built: Awaited<ReturnType<Workbench['build']>>): Promise<readonly string[]> {
  const urls = [built.full, ...built.patches].map(({ url }) => url);
  const names = [`manifests/${built.staged.manifest.sha256}.json`, ...urls];
  return Promise.all(names.map(async (name) => `${name} ${(await readFile(join(bench.repo, name))).toString('base64')}`));
}

describe('a build', () => {
  test('of the same input gives the same bytes, whatever is in the cache', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', first);
    await bench.publish();
    const second: Contents = { ...first, 'data/größe.bin': Buffer.concat([big, Buffer.from('more')]), new: 'new' };
    const once = await filesOf(bench, await bench.build('1.1.0', second));
    await rm(join(bench.path, 'cache'), { recursive: true });
    const again = await filesOf(bench, await bench.build('1.1.0', second));
    const elsewhere = await filesOf(bench, await bench.build('1.1.0', second, { cache: join(bench.path, 'other cache') }));
    expect([again, elsewhere]).toEqual([once, once]);
    expect(once.length).toBe(3);
  });

  test('describes the tree as it is: bytes, modes, links, parts, and what moult.json says', async () => {
    await using bench = await workbench();
    const said = {
      entry: { program: 'bin/run', args: ['--quiet'] },
      dataVersion: 3,
      data: { state: ['notes.db'] },
      health: { tries: 2 },
      parts: { runtime: ['bin/**', 'lib*'] },
      unknown: true,
    };
    const built = await bench.build('1.0.0', { ...first, 'lib.so': 'x', 'moult.json': JSON.stringify(said) });
    const manifest = await manifestOf(bench, built);
    expect(manifest.tree.links).toEqual([{ path: 'latest', target: 'data/größe.bin' }]);
    expect(manifest.tree.files.map(({ path, mode, part, size }) => [path, mode, part, size])).toEqual([
      ['bin/run', 'program', 'runtime', 10],
      ['data/größe.bin', 'file', 'app', 40_000],
      ['empty', 'file', 'app', 0],
      ['lib.so', 'file', 'runtime', 1],
      ['moult.json', 'file', 'app', JSON.stringify(said).length],
    ]);
    expect(manifest).toMatchObject({
      entry: said.entry,
      data: said.data,
      dataVersion: 3,
      health: { stageTimeoutMs: 30_000, tries: 2, errorRateLimit: 50 },
      type: 'major',
      publishedAt: '2026-02-25T06:13:20Z',
      provenance: { revision: 'unknown', source: '', builtAt: '2026-02-25T06:13:20Z' },
    });
  });

  test('of what electron-builder made takes everything around resources/ for the runtime', async () => {
    await using bench = await workbench();
    const built = await bench.build('1.0.0', { 'electron*': 'elf', 'locales/de.pak': 'de', 'resources/app/main.js': '1' });
    const { tree } = await manifestOf(bench, built);
    expect(tree.files.map(({ path, part }) => `${path} ${part}`)).toEqual([
      'electron runtime',
      'locales/de.pak runtime',
      'resources/app/main.js app',
    ]);
  });

  test('makes patches from older versions, and none that is over half the full package', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', { a: noise(1, 40_000) });
    await bench.publish();
    await bench.build('1.0.1', { a: big });
    await bench.publish();
    const built = await bench.build('1.0.2', { a: Buffer.concat([big, Buffer.from('more')]) });
    expect({ patches: built.patches.map(({ from, url }) => [from, url]), dropped: built.dropped }).toEqual({
      patches: [['1.0.1', 'patches/linux-x64/1.0.1..1.0.2.patch']],
      dropped: ['1.0.0'],
    });
    expect((await bench.build('1.0.3', { a: big }, { patchesFrom: 0 })).patches).toEqual([]);
  });

  test('takes the tree of an older version from its package when the cache is lost or damaged', async () => {
    await using bench = await workbench();
    const old = await bench.build('1.0.0', { a: big });
    await bench.publish();
    await writeFile(join(bench.path, 'cache', 'trees', old.staged.treeDigest, 'a'), 'damaged');
    const built = await bench.build('1.0.1', { a: Buffer.concat([Buffer.from('x'), big]) });
    expect(built.patches.map(({ from }) => from)).toEqual(['1.0.0']);
  });

  test('of a version that is published already, or with a release key that is not there, is refused', async () => {
    await using bench = await workbench();
    await bench.build('1.0.0', first);
    await bench.publish();
    await expect(bench.build('1.0.0', first)).rejects.toMatchObject({ code: 'usage/wrong' });
    const options = { repo: bench.repo, tree: bench.path, version: '2.0.0', platform: 'linux', arch: 'x64' };
    await expect(buildRelease(options, { keys: { ...bench.keys, targets: [] } }, job)).rejects.toMatchObject({ code: 'usage/wrong' });
  });

  test('without SOURCE_DATE_EPOCH or a checkout carries the time of the newest file', async () => {
    await using bench = await workbench();
    const tree = join(bench.path, 'tree');
    await writeTree(tree, { a: 'a', b: 'b' });
    await utimes(join(tree, 'a'), 1_700_000_000, 1_700_000_000);
    await utimes(join(tree, 'b'), 1_600_000_000, 1_600_000_000);
    const options = { repo: bench.repo, tree, version: '1.0.0', platform: 'linux', arch: 'x64', cache: join(bench.path, 'cache') };
    const built = await buildRelease(options, { keys: bench.keys, environment: {} }, job);
    expect((await manifestOf(bench, built)).publishedAt).toBe('2023-11-14T22:13:20Z');
  });
});

describe('a tree that clients would refuse is refused', () => {
  test.each<[string, Contents]>([
    ['S15 a name that Windows reserves', { 'aux.txt': 'x' }],
    ['S15 a name that ends with a dot', { 'a.': 'x' }],
    ['S16 a link that leaves the tree', { a: 'x', l: { link: '../../etc/passwd' } }],
    ['S16 a link through a link', { 'd/a': 'x', l: { link: 'd' }, m: { link: 'l/a' } }],
    ['S17 names that differ in case only', { a: 'x', A: 'y' }],
    ['nothing at all', {}],
    ['an entry that is no program', { a: 'x', 'moult.json': '{"entry":{"program":"a","args":[]}}' }],
    ['a moult.json that is wrong', { a: 'x', 'moult.json': '{"dataVersion":-1}' }],
  ])('%s', async (_, contents) => {
    await using bench = await workbench();
    await mkdir(join(bench.path, 'tree-1'));
    await expect(bench.build('1.0.0', contents)).rejects.toMatchObject({
      code: expect.stringMatching(/^(disk\/unsafe|usage\/wrong|check\/invalid)$/),
    });
  });

  test('S16 hard links and special rights', async () => {
    await using bench = await workbench();
    const tree = join(bench.path, 'tree');
    const options = { repo: bench.repo, tree, version: '1.0.0', platform: 'linux', arch: 'x64', cache: join(bench.path, 'cache') };
    await writeTree(tree, { a: 'a', b: 'b' });
    await link(join(tree, 'a'), join(tree, 'c'));
    await expect(buildRelease(options, { keys: bench.keys }, job)).rejects.toMatchObject({ code: 'disk/unsafe' });
    await rm(join(tree, 'c'));
    await chmod(join(tree, 'b'), 0o4755);
    await expect(buildRelease(options, { keys: bench.keys }, job)).rejects.toMatchObject({ code: 'disk/unsafe' });
  });
});

test('a tree in the cache is used only while it is exactly what its name says', async () => {
  await using bench = await workbench();
  const source = join(bench.path, 'tree');
  await writeTree(source, { a: 'a', 'b*': 'b' });
  const tree = await scanTree(source, job);
  let filled = 0;
  const kept = (): Promise<string> =>
    keptTree({ cache: join(bench.path, 'cache'), tree }, async (folder) => ((filled += 1), writeTree(folder, { a: 'a', 'b*': 'b' })), job);
  const folder = await kept();
  await kept();
  expect(filled).toBe(1);
  await chmod(join(folder, 'b'), 0o644);
  expect(await kept()).toBe(folder);
  expect([filled, await scanTree(folder, job)]).toEqual([2, tree]);
});
