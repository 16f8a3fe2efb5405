/** A long life in fast motion: releases are published and taken one after the other, and what stays behind is measured. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '../../../src/updater/disk/atomic.ts';
import { bytesBelow } from '../../../src/updater/disk/space.ts';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { currentGeneration } from '../../../src/updater/install/generations.ts';
import { instanceOf, layoutOf } from '../../../src/updater/install/layout.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { Contents } from '../../ground/publisher.ts';
import { installRequest, switchRequest, updateRequest } from '../campaign/ground.ts';
import { tryOut } from '../power/story.ts';
import { programLike } from '../../updater/engine/binaries.ts';
import { openDistantPublisher } from './publisher.ts';

/** How many updates, after how many of them a sample is taken, from how many versions before there is a patch, and whether the product has a program, with data and trials, or is content only. */
export interface Life {
  readonly updates: number;
  readonly every: number;
  readonly patches: 0 | 1;
  readonly has: 'content' | 'program';
}

/** After so many updates: files below the root, and bytes of them, without the records of generations, which stay by design; what the process holds; the milliseconds of the last update. */
export interface Sample {
  readonly updates: number;
  readonly versions: number;
  readonly epochs: number;
  readonly snapshots: number;
  readonly files: number;
  readonly treeBytes: number;
  readonly metadataBytes: number;
  readonly recordBytes: number;
  readonly descriptors: number;
  readonly residentBytes: number;
  readonly milliseconds: number;
}

/** Updates an installation in `folder`, one published version at a time, and returns the samples. Throws when an update does not end on its version. */
export async function live(folder: string, { updates, every, patches, has }: Life): Promise<readonly Sample[]> {
  await using publisher = await openDistantPublisher(folder);
  const root = join(folder, 'root');
  await publisher.release('1.0.0', treeOf(0, has), patches);
  await serve(installRequest(publisher, root), quietJob());
  if (has === 'program') await tryOut({ root, tell: () => undefined });
  const samples: Sample[] = [];
  for (let n = 1; n <= updates; n += 1) {
    await publisher.release(`1.${n}.0`, treeOf(n, has), patches);
    const begun = performance.now();
    await update(root, patches === 1 ? 'direct' : 'full');
    await (has === 'program' ? tryOut({ root, tell: () => undefined }) : serve(switchRequest(root), quietJob()));
    const milliseconds = performance.now() - begun;
    const current = await currentGeneration(instanceOf(layoutOf(root), 'default'));
    if (current?.version !== `1.${n}.0` || current.state !== 'good') throw new Error(`update ${n} ended on ${current?.version}`);
    if (n % every === 0) samples.push(await sample(root, n, milliseconds));
  }
  return samples;
}

/** Brings the newest version up to where it waits; throws when it came by another route. */
async function update(root: string, route: 'direct' | 'full'): Promise<void> {
  const result = await serve(updateRequest(root, null), quietJob());
  const done = 'kind' in result && result.kind === 'staged' ? result.done : null;
  if (done?.plan.route.kind !== route) throw new Error(`the update came by ${done?.plan.route.kind}`);
}

/** Something that stays, something that changes and, where it is wanted, a program that writes a line whenever it runs. */
function treeOf(n: number, has: Life['has']): Contents {
  const content = { 'steady.bin': programLike(40_000, 0), 'changing.txt': `version ${n}\n`.repeat(200) };
  if (has === 'content') return content;
  const declared = { entry: { program: 'app', args: [] }, data: { databases: [], migrations: [] } };
  return { ...content, app: { program }, 'moult.json': JSON.stringify(declared) };
}

const program = `#!/bin/sh
for stage in loaded config database service ready; do echo "{\\"stage\\":\\"$stage\\"}" >> "$MOULT_HEALTH"; done
[ "$MOULT_MODE" = run ] || exit 0
echo started >> "$MOULT_EPOCH/data/starts"
exec sleep 60
`;

async function sample(root: string, updates: number, milliseconds: number): Promise<Sample> {
  const layout = layoutOf(root);
  const { generations, epochs, snapshots } = instanceOf(layout, 'default');
  const all = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const names = await readdir(layout.versions);
  return {
    updates,
    versions: names.filter((name) => name.endsWith('.json')).length,
    epochs: (await namesIn(epochs)).length,
    snapshots: (await namesIn(snapshots)).filter((name) => /^\d/.test(name)).length,
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
    ['epochs', first.epochs],
    ['snapshots', first.snapshots],
    ['files', first.files],
    ['treeBytes', first.treeBytes + 8192],
    ['metadataBytes', first.metadataBytes + between * 600 + 8192],
    ['recordBytes', first.recordBytes + between * 4096],
    ['descriptors', first.descriptors + 2],
    ['residentBytes', first.residentBytes * 1.5 + 64 * 1024 ** 2],
  ];
  return limits.flatMap(([what, most]) => (last[what] > most ? [`${what} grew from ${first[what]} to ${last[what]}`] : []));
}
