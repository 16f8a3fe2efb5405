/**
 * The product's main job on real input: this very product is packaged, published, installed, tried, updated, compared with a fresh
 * install, taken back and forward again, and a bad release is taken back by itself. Nothing here is played: the packaged copies
 * do it themselves, with the sixty seconds of health that every trial takes.
 */
import { join } from 'node:path';
import { treeDigest } from '../../src/updater/disk/hash.ts';
import { scanTree } from '../../src/updater/disk/scan.ts';
import { versionName } from '../../src/updater/model/generation.ts';
import { serveRepository } from '../release/server/serve.ts';
import { checkFindings, stateOf, type Findings, type Told } from './findings.ts';
import { refusalOf, runProduct, startToVerdict, talkToNotes, type Outcome, type Product } from './product.ts';
import { openShop, packageAll, versions, type Packages, type Shop, type Stage } from './shop.ts';

const note = 'Moult kept this note';

/** Plays the whole story in `stage.folder`, which is empty. Throws what any of its steps fails with. */
export async function tellStory(stage: Stage): Promise<Findings> {
  const packages = await packageAll(stage);
  const shop = await openShop(stage);
  await shop.release(versions.older, packages.older);
  await using server = await serveRepository({ repo: shop.repo });
  const from = ['--from', server.url, '--trusted-root', join(shop.repo, 'metadata', '1.root.json')];
  const root = installedIn(stage.folder);
  const begun = await begin({ root, folder: packages.older }, from, stage);
  const { full } = await shop.release(versions.newer, packages.newer);
  const gone = await goThere(root, begun.installed, stage);
  const compared = await compare({ root, switched: gone.switched, from, folder: packages.newer }, stage);
  const turned = await goBackAndForth(root, gone.switched, stage);
  const bad = await meetBadRelease({ root, forward: turned.forward, shop, packages }, stage);
  return checkFindings({ ...begun, ...gone, ...compared, ...turned, bad, fullBytes: full.size });
}

/** Where the story's installation is. */
export function installedIn(folder: string): string {
  return join(folder, 'installed');
}

/** The older version is installed, proves itself, and is written in. */
async function begin(fresh: Product, from: readonly string[], stage: Stage): Promise<Pick<Told, 'installed' | 'isProven'>> {
  const installed = await stage.step(`install ${versions.older}`, (job) => runProduct(fresh, ['install', ...from], job));
  const running = { root: fresh.root, folder: versionFolder(fresh.root, installed) };
  const isProven = await stage.step(`trial of ${versions.older}`, (job) => startToVerdict(running, job));
  await stage.step('write a note', () => talkToNotes(running, ['write', note]));
  return { installed, isProven };
}

/** The installed older version updates itself, then switches: the newer one migrates the data and proves itself. */
async function goThere(root: string, installed: Outcome, stage: Stage): Promise<Pick<Told, 'updated' | 'switched' | 'migrated'>> {
  const running = { root, folder: versionFolder(root, installed) };
  const before = await stateOf(running);
  const updated = await stage.step(`update to ${versions.newer}`, (job) => runProduct(running, ['update'], job));
  const switched = await stage.step(`trial of ${versions.newer}`, (job) => runProduct(running, ['update', '--restart'], job));
  const after = await stateOf(running);
  return { updated, switched, migrated: { before, after, hasNote: await hasNote(root, switched, ['search', 'kept']) } };
}

interface Compared {
  readonly root: string;
  readonly switched: Outcome;
  readonly from: readonly string[];
  readonly folder: string;
}

/** The newer version as it was updated to, and as it is installed afresh. */
async function compare(
  { root, switched, from, folder }: Compared,
  stage: Stage,
): Promise<Pick<Told, 'fresh' | 'treeDigest' | 'freshInstallDigest'>> {
  const other = { root: join(stage.folder, 'fresh'), folder };
  const fresh = await stage.step(`install ${versions.newer} afresh`, (job) => runProduct(other, ['install', ...from], job));
  const digests = await stage.step('compare the two trees', async (job) => ({
    treeDigest: treeDigest(await scanTree(versionFolder(root, switched), job)),
    freshInstallDigest: treeDigest(await scanTree(versionFolder(other.root, fresh), job)),
  }));
  return { fresh, ...digests };
}

/** The newer version takes itself back, with the data of then, and the older one goes forward again. */
async function goBackAndForth(
  root: string,
  switched: Outcome,
  stage: Stage,
): Promise<Pick<Told, 'refused' | 'back' | 'hasNoteBack' | 'forward'>> {
  const running = { root, folder: versionFolder(root, switched) };
  const refused = await stage.step('back without a decision', (job) => refusalOf(running, ['rollback'], job));
  const back = await stage.step(`back to ${versions.older}`, (job) => runProduct(running, ['rollback', '--data', 'restore'], job));
  const hasNoteBack = await hasNote(root, back, ['list']);
  const again = { root, folder: versionFolder(root, back) };
  const forward = await stage.step(`forward to ${versions.newer}`, (job) => runProduct(again, ['update', '--restart'], job));
  return { refused, back, hasNoteBack, forward };
}

interface Meeting {
  readonly root: string;
  readonly forward: Outcome;
  readonly shop: Shop;
  readonly packages: Packages;
}

/** A release that cannot start is published, taken, and taken back by itself. */
async function meetBadRelease({ root, forward, shop, packages }: Meeting, stage: Stage): Promise<Told['bad']> {
  await shop.release(versions.bad, packages.bad);
  const running = { root, folder: versionFolder(root, forward) };
  const refusal = await stage.step(`update to ${versions.bad}, a bad one`, (job) => refusalOf(running, ['update', '--restart'], job));
  return { refusal, after: await stateOf(running), hasNote: await hasNote(root, forward, ['list']) };
}

async function hasNote(root: string, outcome: Outcome, words: readonly string[]): Promise<boolean> {
  return (await talkToNotes({ root, folder: versionFolder(root, outcome) }, words)).includes(note);
}

function versionFolder(root: string, { to, treeDigest: digest }: Outcome): string {
  return join(root, 'versions', versionName(to, digest));
}
