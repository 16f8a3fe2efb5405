/** The two signed documents of a channel, and every change that a publisher can make to them. All pure: what is signed is decided here. */
import { compare } from 'semver';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Manifest } from '../../../src/updater/model/manifest.ts';
import type { Offer, Offers, ReleaseList } from '../../../src/updater/model/offers.ts';

/** Older offers stay as stepping stones for machines that the newest one does not fit; more than this many never helps. */
const offersKept = 50;

export type Entry = ReleaseList['releases'][number];
/** A share of all machines, in per cent, from a point in time on. */
export type RampStep = Offer['ramp'][number];

/** A release list with one more version, newest first; throws `usage/wrong` unless it is greater than every published one (S31). */
export function addRelease(list: ReleaseList | null, manifest: Manifest, entry: Entry): ReleaseList {
  const { product, platform, arch } = manifest;
  const before = list ?? { schema: '1.0', product, platform, arch, releases: [] };
  if (before.product !== product) throw new Failed('usage/wrong', `this repository publishes ${before.product}, not ${product}`);
  const newest = newestOf(before);
  if (newest !== null && compare(entry.version, newest.version) <= 0) {
    throw new Failed(
      'usage/wrong',
      `${entry.version} is not greater than ${newest.version}, the newest published version for ${platform}-${arch}`,
    );
  }
  return { ...before, releases: [entry, ...before.releases] };
}

/** The greatest published version, or null. */
export function newestOf(list: ReleaseList): Entry | null {
  return list.releases.toSorted((a, b) => compare(b.version, a.version))[0] ?? null;
}

/** A channel that does not exist yet. */
export function emptyOffers(list: ReleaseList, channel: string): Offers {
  const { product, platform, arch } = list;
  return { schema: '1.0', product, channel, platform, arch, offers: [], withdrawn: [] };
}

/** Puts a version on offer; throws `usage/wrong` when the channel offers it already or took it back. */
export function addOffer(offers: Offers, offer: Offer): Offers {
  requireNotWithdrawn(offers, offer.version);
  if (offers.offers.some(({ version }) => version === offer.version)) {
    throw new Failed('usage/wrong', `${offer.version} is on offer in ${offers.channel} already`);
  }
  const sorted = [offer, ...offers.offers].toSorted((a, b) => compare(b.version, a.version));
  return { ...offers, offers: sorted.slice(0, offersKept) };
}

/** Ends the ramp of an offer at this step: what it reached before stays written, what was planned for later is dropped. */
export function extendRamp(offers: Offers, version: string, steps: readonly RampStep[]): Offers {
  const [first] = steps;
  const from = first === undefined ? '' : first.at;
  return changeOffer(offers, version, (offer) => ({ ...offer, ramp: [...offer.ramp.filter(({ at }) => at < from), ...steps].slice(-100) }));
}

/** Stops an offer, or lets it go on; machines that have it already keep it. */
export function setPaused(offers: Offers, version: string, paused: boolean): Offers {
  return changeOffer(offers, version, (offer) => ({ ...offer, paused }));
}

/** Takes a version back for good: it is no longer on offer, and machines that run it learn that they should leave it. */
export function withdraw(offers: Offers, version: string, reason: string): Offers {
  if (offers.withdrawn.some((gone) => gone.version === version)) return offers;
  return {
    ...offers,
    offers: offers.offers.filter((offer) => offer.version !== version),
    withdrawn: [{ version, reason }, ...offers.withdrawn].slice(0, 1000),
  };
}

function changeOffer(offers: Offers, version: string, change: (offer: Offer) => Offer): Offers {
  requireNotWithdrawn(offers, version);
  if (!offers.offers.some((offer) => offer.version === version)) {
    throw new Failed('usage/wrong', `${version} is not on offer in ${offers.channel} for ${offers.platform}-${offers.arch}`);
  }
  return { ...offers, offers: offers.offers.map((offer) => (offer.version === version ? change(offer) : offer)) };
}

function requireNotWithdrawn(offers: Offers, version: string): void {
  if (!offers.withdrawn.some((gone) => gone.version === version)) return;
  throw new Failed('usage/wrong', `${version} was withdrawn from ${offers.channel}: publish a higher version instead`);
}
