import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import type { Offers } from '../../../src/updater/model/offers.ts';
import { requirePackages } from '../inspect/packages.ts';
import { verifyRepository } from '../inspect/verify.ts';
import { publish } from '../metadata/publish.ts';
import type { Signer } from '../metadata/sign.ts';
import type { Changed, Publisher } from './change.ts';
import { addOffer, addRelease, emptyOffers, type RampStep } from './documents.ts';
import { listFiles, offersFiles, readDocuments, targetOf, type Documents } from './published.ts';
import { parseRollout } from './ramp.ts';
import { listStaged, lockRepository, readManifest, unstage, type Staged } from './staging.ts';

/** Which built releases to publish (null: all that wait), in which channel, to which share of all machines (`25`, or a ramp). */
export interface PublishOptions {
  readonly channel: string;
  readonly rollout: string;
  readonly version: string | null;
  readonly target: string | null;
}

/**
 * Publishes built releases and then looks at the repository as a new client would (S31). Throws, before anything is published,
 * `usage/wrong` for a version that is not greater than every published one, `build/…` and `fetch/…` for packages that clients would refuse.
 */
export async function publishRelease(options: PublishOptions, publisher: Publisher, job: Job): Promise<readonly Changed[]> {
  const { repo, keys, now } = publisher;
  await using _lock = await lockRepository(repo, job);
  const ramp = parseRollout(options.rollout, now);
  const before = await readDocuments(repo);
  await forgetPublished(repo, before);
  const releases = await waitingReleases(repo, options);
  const after = releases.reduce((documents, release) => added(documents, release, { channel: options.channel, ramp }), before);
  await requirePackages(repo, { manifests: releases.map(({ manifest }) => manifest), keys: publicKeys(keys.targets) }, job);
  const lists = [...after.lists.values()].filter((list) => before.lists.get(targetOf(list)) !== list);
  const offers = after.offers.filter((each) => !before.offers.includes(each));
  await publish(repo, keys, { targets: listFiles(lists), channels: offersFiles(offers), now });
  const changed = releases.map(({ staged }) => ({ target: targetOf(staged), channel: options.channel, version: staged.version }));
  await requireVisible(repo, changed, { now, job });
  for (const { staged } of releases) await unstage(repo, staged);
  return changed;
}

interface Waiting {
  readonly staged: Staged;
  readonly manifest: Manifest;
}

/** A publication that was killed after its last signature leaves its record behind. */
async function forgetPublished(repo: string, { lists }: Documents): Promise<void> {
  for (const staged of await listStaged(repo)) {
    const published = lists.get(targetOf(staged))?.releases ?? [];
    if (published.some(({ manifest }) => manifest.sha256 === staged.manifest.sha256)) await unstage(repo, staged);
  }
}

async function waitingReleases(repo: string, { version, target }: PublishOptions): Promise<readonly Waiting[]> {
  const staged = (await listStaged(repo)).filter(
    (each) => (version === null || each.version === version) && (target === null || targetOf(each) === target),
  );
  if (staged.length === 0)
    throw new Failed('usage/wrong', `${version ?? 'no release'} is built and waits for its publication: run build first`);
  return Promise.all(staged.map(async (each) => ({ staged: each, manifest: await readManifest(repo, each) })));
}

function publicKeys(signers: readonly Signer[]): ReadonlyMap<string, Uint8Array> {
  return new Map(signers.map(({ id, key }) => [id, Buffer.from(key.keyval.public, 'hex')]));
}

/** The documents with one more version, on the list and on offer. */
function added(documents: Documents, { staged, manifest }: Waiting, on: { channel: string; ramp: readonly RampStep[] }): Documents {
  const target = targetOf(staged);
  const { version, treeDigest, manifest: reference } = staged;
  const list = addRelease(documents.lists.get(target) ?? null, manifest, { version, treeDigest, manifest: reference });
  const isHere = (offers: Offers): boolean => targetOf(offers) === target && offers.channel === on.channel;
  const offer = { version, manifest: reference, ramp: [...on.ramp], paused: false, needs: manifest.needs };
  const offers = addOffer(documents.offers.find(isHere) ?? emptyOffers(list, on.channel), offer);
  return { lists: new Map(documents.lists).set(target, list), offers: [...documents.offers.filter((each) => !isHere(each)), offers] };
}

/** Whoever comes now without having been here before must be able to believe and fetch what was published. */
async function requireVisible(repo: string, changed: readonly Changed[], { now, job }: { now: Date; job: Job }): Promise<void> {
  const { problems } = await verifyRepository({ source: repo, trustedRoot: null, depth: 'headers', now, only: changed }, job);
  const [problem] = problems;
  if (problem === undefined) return;
  throw new Failed(problem.failure.code, `published, but a new client refuses ${problem.what}: ${problem.failure.detail}`);
}
