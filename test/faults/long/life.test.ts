import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRecord } from '../../../src/updater/disk/atomic.ts';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { installedGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { findVersion } from '../../../src/updater/install/versions.ts';
import { parseSource } from '../../../src/updater/model/generation.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Tree } from '../../../src/updater/model/tree.ts';
import { tempFolder } from '../../ground/folder.ts';
import { openPublisher } from '../../ground/publisher.ts';
import { installRequest } from '../campaign/ground.ts';
import { faultsMissing, runWithFault } from '../shim/shim.ts';
import { growthIn, live } from './life.ts';

describe('a long life', () => {
  it('R16 R17 twenty-one patches in a row end on the tree of a fresh install and leave no more behind than seven: files, bytes, descriptors, memory (a thousand: npm run campaign:long)', async ({
    skip,
  }) => {
    if (process.platform !== 'linux') skip('descriptors are counted in /proc');
    await using folder = await tempFolder();
    const samples = await live(folder.path, { updates: 21, every: 7, patches: 1, has: 'content' });
    expect(growthIn(samples)).toEqual([]);
    expect(samples.map(({ versions }) => versions)).toEqual([2, 2, 2]);
    const [updated, fresh] = [join(folder.path, 'root'), join(folder.path, 'fresh')];
    const source = await readRecord(layoutOf(updated).source, parseSource);
    if (source === null) throw new Error('no source');
    const from = { from: join(folder.path, 'repo'), trustedRoot: source.trustedRoot, product: 'moult', channel: 'stable', version: null };
    await serve({ kind: 'install', root: fresh, instance: 'default', ...from }, quietJob());
    expect(await treeIn(updated)).toEqual(await treeIn(fresh));
  });

  it('R17 of a program leaves an epoch, its five newest snapshots, and two versions', async ({ skip }) => {
    if (process.platform !== 'linux') skip('descriptors are counted in /proc');
    await using folder = await tempFolder();
    const samples = await live(folder.path, { updates: 9, every: 3, patches: 0, has: 'program' });
    expect(samples.map(({ versions, epochs, snapshots }) => [versions, epochs, snapshots])).toEqual([
      [2, 1, 3],
      [2, 1, 5],
      [2, 1, 5],
    ]);
    expect(growthIn(samples.slice(1))).toEqual([]);
  });

  it('R17 an update with its switch reads a record of a long history eight times at most', async ({ skip }) => {
    const missing = await faultsMissing();
    if (missing !== null) skip(missing);
    await using folder = await tempFolder();
    const root = join(folder.path, 'root');
    const publisher = await openPublisher(folder.path);
    await publisher.release('1.0.0', { file: 'one' });
    await serve(installRequest(publisher, root), quietJob());
    const { generations } = instanceOf(layoutOf(root), 'default');
    const first = await readFile(join(generations, '1.json'), 'utf8');
    for (let n = 2; n <= 50; n += 1) await writeFile(join(generations, `${n}.json`), first.replace('"n":1', `"n":${n}`));
    await publisher.release('1.1.0', { file: 'two' });
    const moult = fileURLToPath(new URL('../../../src/main/cli/moult.mjs', import.meta.url));
    const { code, calls } = await runWithFault(
      { args: [moult, '--root', root, 'update', '--restart'], root },
      { at: 0, what: 'before', only: 'read' },
    );
    const reads = calls.filter((call) => call.endsWith('generations/25.json'));
    expect(code).toBe(0);
    expect(reads.length).toBeLessThanOrEqual(8);
  });
});

/** Every file and link of the version that runs, as it is on disk. */
async function treeIn(root: string): Promise<Tree> {
  const layout = layoutOf(root);
  const { treeDigest, version } = await installedGeneration(instanceOf(layout, 'default'));
  expect(version).toBe('1.21.0');
  return scanTree((await findVersion(layout, treeDigest))?.folder ?? '', quietJob());
}
