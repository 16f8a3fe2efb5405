/** Which of the offered versions a machine takes: pure, the same answer for the same question. */
import { compare, gte, lt } from 'semver';
import { sha256Hex } from '../disk/hash.ts';
import { Failed } from '../model/failure.ts';
import type { Needs } from '../model/manifest.ts';
import type { Offer, ReleaseList } from '../model/offers.ts';
import type { Believed } from './release.ts';

type Entry = ReleaseList['releases'][number];

/**
 * The machine that asks. `version` is what it runs, null when nothing; `libc` the version of glibc, null where there is none;
 * `machineId` never leaves it; `exact` a version that its user asked for, else null.
 */
export interface Have {
  readonly version: string | null;
  readonly machineId: string;
  readonly updaterVersion: string;
  readonly os: string;
  readonly libc: string | null;
  readonly now: Date;
  readonly exact?: string | null;
  /** Versions that are not taken here for now, unless one is asked for by name. */
  readonly held?: readonly Passed[];
}

/** An offer that was not taken, with the reason in a few words. */
export interface Passed {
  readonly version: string;
  readonly why: string;
}

/** `offer` is null for a version that was asked for by name and is no longer on offer. */
export type Choice =
  | { readonly kind: 'release'; readonly entry: Entry; readonly offer: Offer | null; readonly passed: readonly Passed[] }
  | { readonly kind: 'none'; readonly passed: readonly Passed[] };

/**
 * Takes the first offer that is higher than what runs, published, not withdrawn, not paused, and whose share and needs fit. Where
 * nothing runs and no share reaches this machine, it is the first that only its share speaks against: a first installation finds something.
 * A version asked for by name ignores share and pause; throws `check/no-such-version` when it cannot be had, `check/needs-updater`
 * when only a newer updater could take it.
 */
export function chooseRelease(believed: Believed, have: Have): Choice {
  const exact = have.exact ?? null;
  if (exact !== null) return chooseExact(believed, have, exact);
  const choice = chooseOffer(believed, have, shareProblem);
  return choice.kind === 'none' && have.version === null ? chooseOffer(believed, have, () => null) : choice;
}

/** Whether a newer offer asks for this version, or a later one, as its starting point. */
export function isSteppingStone({ offers }: Believed, version: string): boolean {
  return offers.offers.some(
    ({ version: newer, needs }) => needs.minFrom !== null && gte(needs.minFrom, version) && compare(newer, version) > 0,
  );
}

function chooseOffer(believed: Believed, have: Have, share: (offer: Offer, have: Have) => string | null): Choice {
  const passed: Passed[] = [];
  for (const offer of believed.offers.offers) {
    const entry = publishedEntry(believed.list, offer);
    const stopped = offer.paused ? 'it is paused' : share(offer, have);
    const why =
      versionProblem(believed, have, offer.version) ?? holdProblem(have, offer.version) ?? stopped ?? needsProblem(offer.needs, have);
    if (entry !== null && why === null) return { kind: 'release', entry, offer, passed };
    passed.push({ version: offer.version, why: why ?? 'it is not in the signed list of releases' });
  }
  return { kind: 'none', passed };
}

function chooseExact(believed: Believed, have: Have, exact: string): Choice {
  if (have.version !== null && compare(exact, have.version) === 0)
    return { kind: 'none', passed: [{ version: exact, why: 'it is installed' }] };
  const offer = believed.offers.offers.find(({ version }) => version === exact) ?? null;
  const entry = offer === null ? believed.list.releases.find(({ version }) => version === exact) : publishedEntry(believed.list, offer);
  if (entry === undefined || entry === null) throw new Failed('check/no-such-version', `${exact} is not published`);
  const problem = versionProblem(believed, have, exact);
  if (problem !== null) throw new Failed('check/no-such-version', `${exact} cannot be installed: ${problem}`);
  const unfit = offer === null ? null : needsProblem(offer.needs, have);
  if (unfit !== null) throw new Failed('check/needs-updater', `${exact} does not fit: ${unfit}`);
  return { kind: 'release', entry, offer, passed: [] };
}

/** Only what the release key has published may be installed, whatever the online key offers. */
function publishedEntry(list: ReleaseList, { version, manifest }: Offer): Entry | null {
  const isSame = (entry: Entry): boolean =>
    entry.version === version && entry.manifest.sha256 === manifest.sha256 && entry.manifest.size === manifest.size;
  return list.releases.find(isSame) ?? null;
}

function versionProblem({ offers }: Believed, have: Have, version: string): string | null {
  const withdrawn = offers.withdrawn.find((entry) => entry.version === version);
  if (withdrawn !== undefined) return `it was withdrawn: ${withdrawn.reason}`;
  if (have.version === null || compare(version, have.version) > 0) return null;
  return compare(version, have.version) === 0 ? 'it is installed' : `it is older than ${have.version}`;
}

function holdProblem({ held }: Have, version: string): string | null {
  return held?.find((entry) => entry.version === version)?.why ?? null;
}

function shareProblem(offer: Offer, have: Have): string | null {
  const percent = percentAt(offer.ramp, have.now);
  if (bucketOf(have.machineId, offer.version) < percent * 100) return null;
  return `it goes to ${percent} % of all machines so far, and not yet to this one`;
}

/** The share of machines at a time: the latest step that has begun; none before the first, all where there is no ramp. */
function percentAt(ramp: Offer['ramp'], now: Date): number {
  if (ramp.length === 0) return 100;
  const begun = ramp.filter(({ at }) => Date.parse(at) <= now.getTime());
  return begun.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).at(-1)?.percent ?? 0;
}

/** A machine's place among ten thousand, another one for every version, so that it is not always the same people who go first. */
export function bucketOf(machineId: string, version: string): number {
  return Number.parseInt(sha256Hex(`${machineId} ${version}`).slice(0, 12), 16) % 10_000;
}

/** Says in a few words why a machine cannot take a release, or null when it can. */
export function needsProblem(needs: Needs, have: Have): string | null {
  if (needs.updater !== null && !gte(have.updaterVersion, needs.updater)) return `it needs updater ${needs.updater}`;
  if (needs.os !== null && !reaches(have.os, needs.os)) return `it needs system ${needs.os}`;
  if (needs.libc !== null && (have.libc === null || !reaches(have.libc, needs.libc))) return `it needs glibc ${needs.libc}`;
  if (needs.minFrom !== null && have.version !== null && lt(have.version, needs.minFrom))
    return `it can be reached from ${needs.minFrom} on`;
  return null;
}

/** Compares numbers with dots, such as `6.1` and `6.1.0-13-amd64`; what is no such number is never reached. */
function reaches(has: string, needed: string): boolean {
  if (!/^\d+(\.\d+)*$/.test(needed)) return false;
  const [a, b] = [numbersOf(has), numbersOf(needed)];
  const differs = b.findIndex((number, i) => number !== (a[i] ?? 0));
  return differs === -1 || (a[differs] ?? 0) > (b[differs] ?? 0);
}

function numbersOf(text: string): readonly number[] {
  return (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
}
