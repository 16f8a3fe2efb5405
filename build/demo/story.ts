/**
 * The product's main job on real input: this very product is packaged twice, published, installed, updated, compared with a fresh
 * install, taken back and forward again. Nothing here is played: the packaged copies do it themselves.
 */
import { join } from 'node:path';
import { scanTree } from '../../src/updater/disk/scan.ts';
import { treeDigest } from '../../src/updater/disk/hash.ts';
import type { Job } from '../../src/updater/model/job.ts';
import { versionName } from '../../src/updater/model/generation.ts';
import { buildRelease, type Built } from '../release/make/build.ts';
import { createKeys, openKeys, type Keys } from '../release/metadata/keys.ts';
import { initRepository } from '../release/metadata/publish.ts';
import { publishRelease } from '../release/publish/publish.ts';
import { serveRepository } from '../release/server/serve.ts';
import { packageProduct } from '../package/product.ts';
import { runProduct, type Outcome } from './product.ts';
import { runtimes } from './runtimes.ts';

/** Where the demo works, and how it says what it does: each named step runs and is timed. */
export interface Stage {
  readonly folder: string;
  readonly cache: string;
  step<Result>(name: string, work: (job: Job) => Promise<Result>): Promise<Result>;
}

/** What the demo found. `ok` only when every digest is the one it must be. */
export interface Findings {
  readonly ok: boolean;
  readonly from: string;
  readonly to: string;
  readonly fullBytes: number;
  readonly wireBytes: number;
  readonly treeDigest: string;
  readonly freshInstallDigest: string;
  readonly generation: { readonly n: number; readonly state: string };
  readonly rolledBackTo: string;
  readonly route: string;
  readonly updateMilliseconds: Readonly<Record<string, number>>;
}

const older = '1.0.0';
const newer = '1.1.0';

/** Plays the whole story in `stage.folder`, which is empty. Throws what any of its steps fails with. */
export async function tellStory(stage: Stage): Promise<Findings> {
  const folders = await packageBoth(stage);
  const publisher = await openShop(stage);
  await publisher.release(older, folders.older);
  await using server = await serveRepository({ repo: publisher.repo });
  const root = join(stage.folder, 'installed');
  const from = ['--from', server.url, '--trusted-root', join(publisher.repo, 'metadata', '1.root.json')];
  const installed = await stage.step(`install ${older}`, (job) => runProduct({ folder: folders.older, root }, ['install', ...from], job));
  const built = await publisher.release(newer, folders.newer);
  const running = versionFolder(root, installed);
  const updated = await stage.step(`update to ${newer}`, (job) => runProduct({ folder: running, root }, ['update'], job));
  const switched = await stage.step('switch', (job) => runProduct({ folder: running, root }, ['update', '--restart'], job));
  const freshRoot = join(stage.folder, 'fresh');
  const fresh = await stage.step(`install ${newer} afresh`, (job) =>
    runProduct({ folder: folders.newer, root: freshRoot }, ['install', ...from], job),
  );
  const compared = await stage.step('compare', async (job) => ({
    updated: treeDigest(await scanTree(versionFolder(root, switched), job)),
    fresh: treeDigest(await scanTree(versionFolder(freshRoot, fresh), job)),
  }));
  const back = await stage.step(`back to ${older}`, (job) =>
    runProduct({ folder: versionFolder(root, switched), root }, ['rollback'], job),
  );
  const forward = await stage.step(`forward to ${newer}`, (job) => runProduct({ folder: running, root }, ['update', '--restart'], job));
  const digests = [compared.updated, compared.fresh, updated.treeDigest, switched.treeDigest, forward.treeDigest];
  return {
    ok:
      digests.every((digest) => digest === fresh.treeDigest) &&
      back.treeDigest === installed.treeDigest &&
      forward.generation.state === 'good',
    from: installed.to,
    to: switched.to,
    fullBytes: built.full.size,
    wireBytes: updated.took?.wireBytes ?? 0,
    treeDigest: compared.updated,
    freshInstallDigest: compared.fresh,
    generation: forward.generation,
    rolledBackTo: back.to,
    route: updated.took?.route ?? '',
    updateMilliseconds: updated.took?.milliseconds ?? {},
  };
}

async function packageBoth(stage: Stage): Promise<{ older: string; newer: string }> {
  const { before, now } = runtimes();
  const pack = (version: string, nodeBinary: string): Promise<string> =>
    stage.step(`package ${version}`, (job) => packageProduct({ out: join(stage.folder, 'packages', version), version, nodeBinary }, job));
  return { older: await pack(older, before), newer: await pack(newer, now) };
}

interface Shop {
  readonly repo: string;
  release(version: string, tree: string): Promise<Built>;
}

/** A publisher with fresh keys. */
async function openShop(stage: Stage): Promise<Shop> {
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

function versionFolder(root: string, outcome: Outcome): string {
  return join(root, 'versions', versionName(outcome.to, outcome.treeDigest));
}
