/** The demo's publisher: packages this very product in three versions, and publishes them with fresh keys. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../src/updater/model/job.ts';
import { packageProduct } from '../package/product.ts';
import { buildRelease, type Built } from '../release/make/build.ts';
import { createKeys, openKeys, type Keys } from '../release/metadata/keys.ts';
import { initRepository } from '../release/metadata/publish.ts';
import { publishRelease } from '../release/publish/publish.ts';
import { runtimes } from './runtimes.ts';

/** Where the demo works, and how it says what it does: each named step runs and is timed. */
export interface Stage {
  readonly folder: string;
  readonly cache: string;
  step<Result>(name: string, work: (job: Job) => Promise<Result>): Promise<Result>;
}

/** The versions of the story: the older one has data version 1, the others 2; the bad one ends at its first real start. */
export const versions = { older: '1.0.0', newer: '1.1.0', bad: '1.2.0' } as const;

/** The folders of the three packaged versions. */
export type Packages = Readonly<Record<keyof typeof versions, string>>;

/** Packages all three. */
export async function packageAll(stage: Stage): Promise<Packages> {
  const { before, now } = runtimes();
  const pack = (version: string, made: { readonly nodeBinary: string; readonly dataVersion?: number }): Promise<string> =>
    stage.step(`package ${version}`, (job) =>
      packageProduct({ out: join(stage.folder, 'packages', version), version, runtime: 'node', ...made }, job),
    );
  const older = await pack(versions.older, { nodeBinary: before, dataVersion: 1 });
  const newer = await pack(versions.newer, { nodeBinary: now });
  const bad = await pack(versions.bad, { nodeBinary: now });
  await spoil(join(bad, 'notes'));
  return { older, newer, bad };
}

/** A mistake that no rehearsal finds: the program works on a copy, and ends at its first real start. */
async function spoil(program: string): Promise<void> {
  const [first, ...rest] = (await readFile(program, 'utf8')).split('\n');
  const mistake = 'if [ "$MOULT_MODE" = run ]; then echo "notes: a mistake of the demo" >&2; exit 1; fi';
  await writeFile(program, [first, mistake, ...rest].join('\n'));
}

/** A repository, and how a packaged tree becomes a release in it. */
export interface Shop {
  readonly repo: string;
  release(version: string, tree: string): Promise<Built>;
}

/** Opens a shop with fresh keys. */
export async function openShop(stage: Stage): Promise<Shop> {
  const repo = join(stage.folder, 'repository');
  const keys = await stage.step('make keys and a repository', () => begin(repo, join(stage.folder, 'keys')));
  const release = (version: string, tree: string): Promise<Built> =>
    stage.step(`build and publish ${version}`, async (job) => {
      const { platform, arch } = process;
      const built = await buildRelease(
        { repo, tree, version, platform, arch, cache: stage.cache, level: 15, source: 'demo' },
        { keys },
        job,
      );
      await publishRelease({ channel: 'stable', rollout: '100', version, target: null }, { repo, keys, now: new Date() }, job);
      return built;
    });
  return { repo, release };
}

async function begin(repo: string, folder: string): Promise<Keys> {
  await createKeys(folder, 'solo');
  const keys = await openKeys(folder);
  await initRepository(repo, keys, new Date());
  return keys;
}
