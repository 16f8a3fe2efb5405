/** A long life in fast motion: releases are published and taken one after the other, and what stays behind is measured. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from '../../../src/updater/disk/space.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { openPublisher } from '../../publisher.ts';
import { installRequest, switchRequest, updateRequest } from '../campaign/ground.ts';

/** After so many updates: files below the root, and bytes of them, without the records of generations, which stay by design; what the process holds; the milliseconds of the last update. */
export interface Sample {
  readonly updates: number;
  readonly versions: number;
  readonly files: number;
  readonly treeBytes: number;
  readonly metadataBytes: number;
  readonly recordBytes: number;
  readonly descriptors: number;
  readonly residentBytes: number;
  readonly milliseconds: number;
}

/** Updates an installation in `folder` that often, one published version at a time, and returns a sample every `every` updates; `patches`: from how many versions before there is one. Throws when one of them does not end on its version. */
export async function live(
  folder: string,
  { updates, every, patches }: { updates: number; every: number; patches: 0 | 1 },
): Promise<readonly Sample[]> {
  const publisher = await openPublisher(folder);
  const root = join(folder, 'root');
  const steady = Buffer.alloc(40_000, 'steady ');
  const release = (n: number): Promise<unknown> =>
    publisher.release(`1.${n}.0`, { 'steady.bin': steady, 'changing.txt': `version ${n}\n`.repeat(200) }, { patchesFrom: patches });
  await release(0);
  await serve(installRequest(publisher, root), quietJob());
  const samples: Sample[] = [];
  for (let n = 1; n <= updates; n += 1) {
    await release(n);
    const begun = performance.now();
    await serve(updateRequest(root, null), quietJob());
    await serve(switchRequest(root), quietJob());
    const milliseconds = performance.now() - begun;
    const current = await currentGeneration(instanceOf(layoutOf(root), 'default'));
    if (current?.version !== `1.${n}.0` || current.state !== 'good') throw new Error(`update ${n} ended on ${current?.version}`);
    if (n % every === 0) samples.push(await sample(root, n, milliseconds));
  }
  return samples;
}

async function sample(root: string, updates: number, milliseconds: number): Promise<Sample> {
  const layout = layoutOf(root);
  const { generations } = instanceOf(layout, 'default');
  const all = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const names = await readdir(layout.versions);
  return {
    updates,
    versions: names.filter((name) => name.endsWith('.json')).length,
    files: all.filter(({ parentPath }) => parentPath !== generations).length,
    treeBytes: (await bytesBelow(layout.versions)) + (await bytesBelow(layout.downloads)) + (await bytesBelow(layout.objects)),
    metadataBytes: await bytesBelow(layout.trust),
    recordBytes: await bytesBelow(generations),
    descriptors: (await readdir('/proc/self/fd')).length,
    residentBytes: process.memoryUsage().rss,
    milliseconds,
  };
}

/** What grew that may not have; nothing when all is bounded. The metadata may grow by the publisher's list of versions, a record by its digits. */
export function growthIn(samples: readonly Sample[]): readonly string[] {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return ['nothing was measured'];
  const between = last.updates - first.updates;
  const limits: readonly (readonly [keyof Sample, number])[] = [
    ['versions', first.versions],
    ['files', first.files],
    ['treeBytes', first.treeBytes + 8192],
    ['metadataBytes', first.metadataBytes + between * 600 + 8192],
    ['recordBytes', first.recordBytes + between * 4096],
    ['descriptors', first.descriptors + 2],
    ['residentBytes', first.residentBytes * 1.5 + 64 * 1024 ** 2],
  ];
  return limits.flatMap(([what, most]) => (last[what] > most ? [`${what} grew from ${first[what]} to ${last[what]}`] : []));
}
