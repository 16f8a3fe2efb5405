/** Every earlier version of a chain that changes in every way a tree can, to the newest, by every route: the identical tree (R16). */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveRepository, type Serving } from '../../../build/release/server/serve.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { openRemote } from '../../../src/updater/download/remote.ts';
import { readRecord } from '../../../src/updater/disk/atomic.ts';
import { update } from '../../../src/updater/engine/engine.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import type { RouteKind } from '../../../src/updater/engine/plan.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { parseSource } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher, writeTree, type Contents, type TestPublisher } from '../../ground/publisher.ts';
import { programLike } from './binaries.ts';

const job = quietJob();
const large = randomBytes(2 * 1024 ** 2);
const steady = randomBytes(5 * 1024 ** 2);
const runtime = programLike(400_000, 0);

/** Six versions: edits, renames, deletions, modes, links, empty files, growth from nothing, spaces, letters beyond ASCII, a new runtime. */
const chain: readonly (readonly [string, Contents])[] = [
  ['1.0.0', { 'bin/app': { program: runtime }, 'readme.txt': 'one\n', 'grows.bin': '', 'data/old name.txt': 'kept bytes\n'.repeat(300) }],
  [
    '1.1.0',
    {
      'bin/app': { program: runtime },
      'readme.txt': 'one\ntwo\n',
      'grows.bin': large,
      'data/new name.txt': 'kept bytes\n'.repeat(300),
      empty: '',
    },
  ],
  [
    '1.2.0',
    {
      'bin/app': { program: programLike(400_000, 48) },
      'readme.txt': 'one\ntwo\n',
      'grows.bin': large.subarray(0, 1_500_000),
      'data/new name.txt': 'kept bytes\n'.repeat(300),
      'lib/current': { link: 'v2' },
      'lib/v2/Übersicht ☃.txt': 'Schnee\n',
    },
  ],
  [
    '1.3.0',
    {
      'bin/app': { program: programLike(400_000, 48) },
      'readme.txt': { program: 'one\ntwo\n' },
      'grows.bin': '',
      'lib/current': { link: 'v3' },
      'lib/v3/Übersicht ☃.txt': 'Schnee und Eis\n',
      'lib/v3/copy of readme': 'one\ntwo\n',
    },
  ],
  [
    '1.4.0',
    {
      'bin/app': { program: programLike(420_000, 96) },
      'readme.txt': 'one\ntwo\nthree\n',
      'grows.bin': Buffer.concat([large, large.subarray(0, 100)]),
      'lib/v3/Übersicht ☃.txt': 'Schnee und Eis\n',
    },
  ],
  [
    '2.0.0',
    {
      'bin/app': { program: programLike(420_000, 128) },
      'docs/readme.txt': 'one\ntwo\nthree\n',
      'grows.bin': Buffer.concat([large, large.subarray(0, 200)]),
      'lib/v4/Übersicht ☃.txt': 'Schnee, Eis\n',
      'lib/current': { link: './v4' },
      'empty again': '',
    },
  ],
];

describe('R16 a chain of six versions', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let publisher: TestPublisher;
  let server: Serving;
  let newest: string;

  beforeAll(async () => {
    folder = await tempFolder();
    publisher = await openPublisher(folder.path);
    server = await serveRepository({ repo: publisher.repo });
    for (const [version, contents] of chain.slice(0, -1)) await publisher.release(version, { ...contents, steady }, { patchesFrom: 2 });
    await publisher.release('2.0.0', { ...chain.at(-1)?.[1], steady }, { patchesFrom: 5 });
    await writeTree(join(folder.path, 'expected'), { ...chain.at(-1)?.[1], steady });
    newest = treeDigest(await scanTree(join(folder.path, 'expected'), job));
  }, 180_000);

  afterAll(async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  });

  async function arrive(root: string, from: string, ruledOut: readonly RouteKind[]) {
    const request = {
      root,
      instance: 'default',
      from: server.url,
      trustedRoot: publisher.trustedRoot,
      product: 'moult',
      channel: 'stable',
    };
    await serve({ kind: 'install', ...request, version: from }, job);
    const layout = layoutOf(root);
    const source = await readRecord(layout.source, parseSource);
    if (source === null) throw new Error('no source');
    await using remote = openRemote({ urls: source.urls, userAgent: 'test' });
    const tools = { layout, instance: instanceOf(layout, 'default'), source, remote, now: new Date() };
    const result = await update({ to: null, upTo: 'staged', ruledOut, why: 'update' }, tools, job);
    if (result.kind !== 'staged') throw new Error(`nothing was staged: ${result.kind}`);
    const version = await findVersion(layout, result.generation.treeDigest);
    const found = treeDigest(await scanTree(version?.folder ?? '', job));
    return { route: result.done?.plan.route.kind, found, failed: result.done?.failed };
  }

  const routes: readonly (readonly [RouteKind, readonly RouteKind[]])[] = [
    ['direct', []],
    ['two', ['direct', 'full']],
    ['full', ['direct', 'two']],
  ];
  for (const [version] of chain.slice(0, -1)) {
    it(`goes from ${version} to the newest by every route that exists, to the identical tree`, async () => {
      // No published version lies between the last but one and the newest, so there is no way with two patches.
      const existing = routes.filter(([route]) => route !== 'two' || version !== '1.4.0');
      for (const [route, others] of existing) {
        const root = join(folder.path, 'root');
        await rm(root, { recursive: true, force: true });
        const arrived = await arrive(root, version, others);
        expect(arrived).toEqual({ route, found: newest, failed: [] });
      }
    });
  }
});
