/** What the online keys can do: offer a published version to more machines, stop that, take a version back. Nothing here can ship anything new. */
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import type { Offers, ReleaseList } from '../../../src/updater/model/offers.ts';
import type { Keys } from '../metadata/keys.ts';
import { publish } from '../metadata/publish.ts';
import { addOffer, emptyOffers, extendRamp, newestOf, setPaused, withdraw, type RampStep } from './documents.ts';
import { offersFiles, readDocuments, targetOf, type Documents } from './published.ts';
import { parseRollout } from './ramp.ts';
import { lockRepository, readManifest } from './staging.ts';

/** Which offers are meant: of one `<platform>-<arch>` or (null) of all, of one version or (null) the newest on offer. */
export interface Selection {
  readonly channel: string;
  readonly target: string | null;
  readonly version: string | null;
}

/** A repository, the keys to change it with, and the time to sign. */
export interface Publisher {
  readonly repo: string;
  readonly keys: Keys;
  readonly now: Date;
}

/** One version in one channel of one `<platform>-<arch>`, after a change. */
export interface Changed {
  readonly target: string;
  readonly channel: string;
  readonly version: string;
}

/** Offers a version to a share of all machines (`25`, or a ramp), in a channel that may not have offered it before. Throws `usage/wrong`. */
export async function promoteRelease(what: Selection & { rollout: string }, publisher: Publisher, job: Job): Promise<readonly Changed[]> {
  const ramp = parseRollout(what.rollout, publisher.now);
  return changeOffers(what, { publisher, job }, async (place) => {
    const version = what.version ?? place.offers.offers[0]?.version ?? newestOf(place.list)?.version ?? nothingThere(place);
    if (place.offers.offers.some((offer) => offer.version === version)) return { version, offers: extendRamp(place.offers, version, ramp) };
    return { version, offers: await addPublished(place, { repo: publisher.repo, version, ramp }) };
  });
}

/** Stops an offer, or lets it go on; machines that have the version keep it. Throws `usage/wrong`. */
export async function pauseRelease(what: Selection & { paused: boolean }, publisher: Publisher, job: Job): Promise<readonly Changed[]> {
  return changeOffers(what, { publisher, job }, ({ list, offers }) => {
    const version = what.version ?? offers.offers[0]?.version ?? nothingThere({ list, offers });
    return { version, offers: setPaused(offers, version, what.paused) };
  });
}

/** Takes a version back for good, in one channel or (null) in all. Throws `usage/wrong`. */
export async function withdrawRelease(
  what: { version: string; channel: string | null; target: string | null; reason: string },
  publisher: Publisher,
  job: Job,
): Promise<readonly Changed[]> {
  return changeOffers(what, { publisher, job }, ({ offers }) => ({
    version: what.version,
    offers: withdraw(offers, what.version, what.reason),
  }));
}

interface Place {
  readonly list: ReleaseList;
  readonly offers: Offers;
}

type Change = (place: Place) => { version: string; offers: Offers } | Promise<{ version: string; offers: Offers }>;

/** Reads, changes and publishes offers while nobody else can. */
async function changeOffers(
  where: { channel: string | null; target: string | null; version: string | null },
  { publisher, job }: { publisher: Publisher; job: Job },
  change: Change,
): Promise<readonly Changed[]> {
  await using _lock = await lockRepository(publisher.repo, job);
  const changes = [];
  for (const place of placesOf(await readDocuments(publisher.repo), where)) changes.push(await change(place));
  await publish(publisher.repo, publisher.keys, { channels: offersFiles(changes.map(({ offers }) => offers)), now: publisher.now });
  return changes.map(({ version, offers }) => ({ target: targetOf(offers), channel: offers.channel, version }));
}

/** Where a version that is meant has been published; throws `usage/wrong` when that is nowhere. */
function placesOf(
  documents: Documents,
  where: { channel: string | null; target: string | null; version: string | null },
): readonly Place[] {
  const { channel, target, version } = where;
  const lists = [...documents.lists.values()]
    .filter((list) => target === null || targetOf(list) === target)
    .filter((list) => version === null || list.releases.some((release) => release.version === version));
  const places = lists.flatMap((list): Place[] => {
    const all = documents.offers.filter((offers) => targetOf(offers) === targetOf(list));
    if (channel === null) return all.map((offers) => ({ list, offers }));
    return [{ list, offers: all.find((offers) => offers.channel === channel) ?? emptyOffers(list, channel) }];
  });
  if (places.length > 0) return places;
  throw new Failed(
    'usage/wrong',
    `${version ?? 'nothing'} ${version === null ? 'has' : 'has not'} been published${target === null ? '' : ` for ${target}`}`,
  );
}

async function addPublished(place: Place, what: { repo: string; version: string; ramp: readonly RampStep[] }): Promise<Offers> {
  const entry = place.list.releases.find(({ version }) => version === what.version);
  if (entry === undefined) throw new Failed('usage/wrong', `${what.version} has not been published for ${targetOf(place.list)}`);
  const { needs } = await readManifest(what.repo, entry);
  return addOffer(place.offers, { version: entry.version, manifest: entry.manifest, ramp: [...what.ramp], paused: false, needs });
}

function nothingThere({ offers }: Place): never {
  throw new Failed('usage/wrong', `${offers.channel} offers nothing for ${targetOf(offers)}`);
}
