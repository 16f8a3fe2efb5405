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
  const from = ['--from', server.url, '--trusted-root', join(publisher.repo, 'metadata', '1.root.json')];
  const home = { root: join(stage.folder, 'installed'), folder: folders.older };
  const installed = await stage.step(`install ${older}`, (job) => runProduct(home, ['install', ...from], job));
  const { full } = await publisher.release(newer, folders.newer);
  const outcomes = await goThere(home.root, installed, stage);
  const other = { root: join(stage.folder, 'fresh'), folder: folders.newer };
  const fresh = await stage.step(`install ${newer} afresh`, (job) => runProduct(other, ['install', ...from], job));
  const digests = await stage.step('compare the two trees', async (job) => ({
    treeDigest: treeDigest(await scanTree(versionFolder(home.root, outcomes.switched), job)),
    freshInstallDigest: treeDigest(await scanTree(versionFolder(other.root, fresh), job)),
  }));
  const turned = await goBackAndForth(home.root, outcomes.switched, stage);
  return { ...judge({ installed, fresh, ...outcomes, ...turned }, digests), ...digests, fullBytes: full.size };
}

interface Outcomes {
  readonly installed: Outcome;
  readonly updated: Outcome;
  readonly switched: Outcome;
  readonly fresh: Outcome;
  readonly back: Outcome;
  readonly forward: Outcome;
}

/** The installed older version updates itself, then switches. */
async function goThere(root: string, installed: Outcome, stage: Stage): Promise<Pick<Outcomes, 'updated' | 'switched'>> {
  const running = { root, folder: versionFolder(root, installed) };
  const updated = await stage.step(`update to ${newer}`, (job) => runProduct(running, ['update'], job));
  const switched = await stage.step('switch', (job) => runProduct(running, ['update', '--restart'], job));
  return { updated, switched };
}

/** The newer version takes itself back, and the older one goes forward again. */
async function goBackAndForth(root: string, switched: Outcome, stage: Stage): Promise<Pick<Outcomes, 'back' | 'forward'>> {
  const running = { root, folder: versionFolder(root, switched) };
  const back = await stage.step(`back to ${older}`, (job) => runProduct(running, ['rollback'], job));
  const again = { root, folder: versionFolder(root, back) };
  const forward = await stage.step(`forward to ${newer}`, (job) => runProduct(again, ['update', '--restart'], job));
  return { back, forward };
}

/** Everything matched when all that says it is the newer version has the digest of its fresh install, and the way back led to the older one. */
function judge(
  { installed, updated, switched, fresh, back, forward }: Outcomes,
  found: Pick<Findings, 'treeDigest' | 'freshInstallDigest'>,
): Omit<Findings, 'treeDigest' | 'freshInstallDigest' | 'fullBytes'> {
  const digests = [found.treeDigest, found.freshInstallDigest, updated.treeDigest, switched.treeDigest, forward.treeDigest];
  const isSame = digests.every((digest) => digest === fresh.treeDigest) && back.treeDigest === installed.treeDigest;
  return {
    ok: isSame && [switched, back, forward].every(({ generation }) => generation.state === 'good'),
    from: installed.to,
    to: switched.to,
    wireBytes: updated.took?.wireBytes ?? 0,
    generation: forward.generation,
    rolledBackTo: back.to,
    route: updated.took?.route ?? '',
    updateMilliseconds: updated.took?.milliseconds ?? {},
  };
}

async function packageBoth(stage: Stage): Promise<{ older: string; newer: string }> {
  const { before, now } = runtimes();
  const pack = (version: string, nodeBinary: string): Promise<string> =>
    stage.step(`package ${version}`, (job) =>
      packageProduct({ out: join(stage.folder, 'packages', version), version, runtime: 'node', nodeBinary }, job),
    );
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
