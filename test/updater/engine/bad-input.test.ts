/** What the engine does when what it is given is wrong: a typed failure, nothing lost, the running version untouched. */
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serveRepository, type Serving } from '../../../build/release/server/serve.ts';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import type { RequestOf, UpdateResult } from '../../../src/updater/engine/process/requests.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import type { Failed } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher, type TestPublisher } from '../../ground/publisher.ts';
import { programLike } from './binaries.ts';

const job = quietJob();
const first = { 'bin/app': { program: programLike(200_000, 0) }, 'a.txt': 'one\n'.repeat(2000), 'same.txt': 'the same' };
const second = { 'bin/app': { program: programLike(200_000, 64) }, 'a.txt': `${'one\n'.repeat(2000)}two\n`, 'same.txt': 'the same' };

describe('an update with bad input', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let publisher: TestPublisher;
  let server: Serving;
  let root: string;

  beforeAll(async () => {
    folder = await tempFolder();
    publisher = await openPublisher(folder.path);
    server = await serveRepository({ repo: publisher.repo });
    await publisher.release('1.0.0', first);
    await publisher.release('1.1.0', second);
  }, 30_000);

  afterAll(async () => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    root = join(folder.path, 'root');
    await rm(root, { recursive: true, force: true });
    const { trustedRoot } = publisher;
    const request = { root, instance: 'default', from: server.url, trustedRoot, product: 'moult', channel: 'stable', version: '1.0.0' };
    await serve({ kind: 'install', ...request }, job);
  });

  async function update(fields: Partial<RequestOf<'update'>> = {}): Promise<UpdateResult> {
    const request: RequestOf<'update'> = {
      kind: 'update',
      root,
      instance: 'default',
      from: null,
      to: null,
      dryRun: false,
      withoutPatches: false,
      ...fields,
    };
    const result = await serve(request, job);
    if (!('news' in result)) throw new Error('not the answer to an update');
    return result;
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'no failure',
      (error: Failed) => error.code,
    );
  }

  /** The running version and whether its tree is still what was signed. */
  async function running() {
    const layout = layoutOf(root);
    const current = await currentGeneration(instanceOf(layout, 'default'));
    const version = await findVersion(layout, current?.treeDigest ?? '');
    return { version: current?.version, whole: treeDigest(await scanTree(version?.folder ?? '', job)) === current?.treeDigest };
  }

  /** Changes one byte of a published file while `work` runs. */
  async function withTampered(kind: 'patches' | 'packages' | 'manifests', work: () => Promise<void>): Promise<void> {
    const below = join(publisher.repo, kind);
    const files = (await readdir(below, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name));
    const before = await Promise.all(paths.map((path) => readFile(path)));
    for (const [i, path] of paths.entries()) {
      const bytes = Buffer.from(before[i] ?? '');
      bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 1;
      await chmod(path, 0o644);
      await writeFile(path, bytes);
    }
    try {
      await work();
    } finally {
      for (const [i, path] of paths.entries()) await writeFile(path, before[i] ?? '');
    }
  }

  it('takes the next best plan when a patch was tampered with, and says which route failed and why', async () => {
    await withTampered('patches', async () => {
      const result = await update();
      expect(result).toMatchObject({ kind: 'staged', done: { plan: { route: { kind: 'full' } }, failed: [{ route: 'direct' }] } });
      expect(await running()).toEqual({ version: '1.0.0', whole: true });
    });
  });

  it('fails with fetch/corrupt when everything was tampered with, and leaves no part of a version behind', async () => {
    await withTampered('patches', () =>
      withTampered('packages', async () => {
        expect(await codeOf(update())).toBe('fetch/corrupt');
        expect(await running()).toEqual({ version: '1.0.0', whole: true });
        expect((await readdir(join(root, 'versions'))).filter((name) => name.endsWith('.json'))).toHaveLength(1);
      }),
    );
    expect(await update()).toMatchObject({ kind: 'staged', generation: { version: '1.1.0' } });
  });

  it('refuses a manifest that is not the one the release list names', async () => {
    await withTampered('manifests', async () => {
      expect(await codeOf(update())).toBe('check/untrusted');
    });
    expect(await running()).toEqual({ version: '1.0.0', whole: true });
  });

  it('S23 a base with one changed byte is refused before anything is fetched for it, and its other files still help', async () => {
    const name = (await readdir(join(root, 'versions'))).find((entry) => !entry.endsWith('.json'));
    const path = join(root, 'versions', name ?? '', 'bin/app');
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const planned = await update({ dryRun: true });
    expect(planned).toMatchObject({ plan: { route: { kind: 'full' } } });
    expect(planned).toMatchObject({
      plan: { refused: expect.arrayContaining([{ route: 'direct', bytes: null, why: 'files of the running version are damaged' }]) },
    });
    const result = await update();
    if (result.kind !== 'staged') throw new Error('not staged');
    const built = await findVersion(layoutOf(root), result.generation.treeDigest);
    expect(treeDigest(await scanTree(built?.folder ?? '', job))).toBe(result.generation.treeDigest);
  });

  it('goes the way without patches when it is told that the engine died of one', async () => {
    expect(await update({ withoutPatches: true })).toMatchObject({ kind: 'staged', done: { plan: { route: { kind: 'full' } } } });
  });

  it('S12 a folder prepared where the new version will be built is replaced', async () => {
    const planned = await update({ dryRun: true });
    expect(planned.kind).toBe('planned');
    for (const version of await readdir(join(publisher.repo, 'manifests'))) {
      const text = await readFile(join(publisher.repo, 'manifests', version), 'utf8');
      const digest = /"tree":\{"digest":"([0-9a-f]{8})/.exec(text)?.[1];
      if (!text.includes('"version":"1.1.0"')) continue;
      await mkdir(join(root, 'versions', `1.1.0-${digest ?? ''}`, 'bin'), { recursive: true });
      await writeFile(join(root, 'versions', `1.1.0-${digest ?? ''}`, 'bin/app'), 'planted');
    }
    const result = await update();
    if (result.kind !== 'staged') throw new Error('not staged');
    const built = await findVersion(layoutOf(root), result.generation.treeDigest);
    expect(treeDigest(await scanTree(built?.folder ?? '', job))).toBe(result.generation.treeDigest);
  });

  it('has nothing to do the second time', async () => {
    const once = await update();
    expect(await update()).toEqual({ ...once, done: null });
  });

  it('refuses a version that is not published, and one that is older', async () => {
    expect(await codeOf(update({ to: '9.9.9' }))).toBe('check/no-such-version');
    await update();
    await serve({ kind: 'switch', root, instance: 'default' }, job);
    expect(await codeOf(update({ to: '1.0.0' }))).toBe('check/no-such-version');
    expect(await update()).toMatchObject({ kind: 'none', current: '1.1.0' });
  });

  it('says that nothing is installed where nothing is', async () => {
    expect(await codeOf(update({ root: join(folder.path, 'empty') }))).toBe('start/nothing');
  });

  it('keeps the running version when the server is gone, and says that it is offline', async () => {
    expect(await codeOf(update({ from: 'http://127.0.0.1:9' }))).toMatch(/offline$/);
    expect(await running()).toEqual({ version: '1.0.0', whole: true });
  });
});
