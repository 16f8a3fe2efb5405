/** From a question to a release that is believed: fetch, verify, choose. Changes nothing but the stored metadata. */
import { fetchBytes } from '../download/bytes.ts';
import type { Remote } from '../download/remote.ts';
import { floorOf } from '../install/versions.ts';
import type { Layout } from '../install/layout.ts';
import { Failed, type FailureCode } from '../model/failure.ts';
import type { Floor, Source } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Manifest } from '../model/manifest.ts';
import { chooseRelease, isSteppingStone, needsProblem, type Passed } from '../trust/choose.ts';
import { refresh, type Fetch, type Trusted } from '../trust/client.ts';
import { believe, fetchManifest, type Believed } from '../trust/release.ts';
import { thisMachine, updaterVersion } from './machine.ts';

/** Where a check happens and whom it asks. */
export interface Asking {
  readonly layout: Layout;
  readonly source: Source;
  readonly remote: Remote;
  readonly now: Date;
  /** Whether information that has expired will do, as long as it is not older than what was seen. */
  readonly acceptStale?: boolean;
}

/** A release that is believed and fits this machine, with what vouches for it. */
export interface Release {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly floor: Floor;
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>;
  /** Whether a newer version that is offered can only be reached from this one on. */
  readonly isSteppingStone: boolean;
}

/** What a check found: a release, or none; and every offer that was passed over with its reason. */
export interface Found {
  readonly release: Release | null;
  readonly passed: readonly Passed[];
  readonly withdrawn: Believed['offers']['withdrawn'];
  readonly dated: Dated;
  /** The manifest of any other published version, by its tree: null when it is not published or cannot be had. */
  middle(treeDigest: string): Promise<Manifest | null>;
}

/** When the information was signed and until when it is good (UTC), and whether that is over. */
export interface Dated {
  readonly signedAt: string | null;
  readonly expires: string;
  readonly isStale: boolean;
}

/** The version that runs here (null: none), the one that was asked for by name (null: none), and those that failed here and are on hold. */
export interface Want {
  readonly version: string | null;
  readonly exact: string | null;
  readonly held: readonly Passed[];
}

/** Asks the source for the first offer that fits, or for exactly the one that was asked for. Throws `check/…` and `fetch/…`. */
export async function findRelease(asking: Asking, want: Want, job: Job): Promise<Found> {
  job.report({ step: 'check', doneBytes: 0, totalBytes: null });
  try {
    return await fromAnyPlace(asking.remote, () => askOnce(asking, want, job));
  } catch (error) {
    // Whoever asked wants to know that nobody answered, and downloads nothing yet.
    if (!(error instanceof Failed) || error.code !== 'fetch/offline') throw error;
    throw new Failed('check/offline', error.failure.detail, { cause: error });
  }
}

/** Throws `check/no-such-version` when a version has been withdrawn by now. Whoever cannot be asked has withdrawn nothing. */
export async function refuseWithdrawn(asking: Asking, version: string, job: Job): Promise<void> {
  const [believed] = await askTrusted(asking, job).catch((error: unknown) => {
    if (error instanceof Failed && /^(?:check|fetch)\//.test(error.code)) return [null]; // Normal: the network went away after the download.
    throw error;
  });
  const gone = believed?.offers.withdrawn.find((each) => each.version === version);
  if (gone !== undefined) throw new Failed('check/no-such-version', `${version} was withdrawn while it was fetched: ${gone.reason}`);
}

/** What a place says may be wrong, or not yet there: then the next one is asked, and this one last from then on. Throws the first failure when all fail. */
async function fromAnyPlace<T>({ sources, failed }: Remote, ask: () => Promise<T>): Promise<T> {
  const placeFailures = new Set<FailureCode>(['check/untrusted', 'check/stale', 'check/offline', 'check/invalid']);
  let first: Failed | null = null;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Failed) || !placeFailures.has(error.code)) throw error;
      first ??= error;
      const [asked, ...others] = sources.filter((source) => !failed.has(source));
      if (asked === undefined || others.length === 0) throw first;
      failed.add(asked);
    }
  }
}

/** Everything that is believed of this product after a fresh look. */
async function askTrusted(asking: Asking, job: Job): Promise<[Believed, Trusted, Fetch]> {
  const { layout, source, remote, now, acceptStale = false } = asking;
  const fetch: Fetch = (name, maxBytes) => fetchBytes(remote, { name, maxBytes }, job);
  const from = { folder: layout.trust, trustedRoot: Buffer.from(source.trustedRoot), floor: await floorOf(layout) };
  const trusted = await refresh({ ...from, now: acceptStale ? null : now }, fetch, job);
  return [await believe(trusted, source), trusted, fetch];
}

async function askOnce(asking: Asking, want: Want, job: Job): Promise<Found> {
  const { source, now } = asking;
  const [believed, trusted, fetch] = await askTrusted(asking, job);
  const machine = thisMachine();
  const have = {
    version: want.version,
    machineId: source.machineId,
    updaterVersion,
    os: machine.os,
    libc: machine.libc,
    now,
    exact: want.exact,
    held: want.held,
  };
  const choice = chooseRelease(believed, have);
  const release = choice.kind === 'release' ? await releaseOf(choice.entry, { trusted, source, fetch, believed }) : null;
  // The offers are the online key's word; what a release needs is the release key's, and is asked for without an offer too.
  const unfit = release === null ? null : needsProblem(release.manifest.needs, have);
  if (unfit !== null) throw new Failed('check/needs-updater', `${release?.manifest.version} does not fit: ${unfit}`);
  const { signedAt, expires } = trusted;
  return {
    release,
    passed: choice.passed,
    withdrawn: believed.offers.withdrawn,
    dated: { signedAt, expires, isStale: Date.parse(expires) <= now.getTime() },
    middle: (treeDigest) => middleOf(believed, treeDigest, { source, fetch }),
  };
}

type Entry = Believed['list']['releases'][number];

async function releaseOf(
  entry: Entry,
  { trusted, source, fetch, believed }: { trusted: Trusted; source: Source; fetch: Fetch; believed: Believed },
): Promise<Release> {
  return {
    manifest: await fetchManifest(entry, source, fetch),
    manifestSha256: entry.manifest.sha256,
    floor: trusted.versions,
    releaseKeys: trusted.releaseKeys,
    isSteppingStone: isSteppingStone(believed, entry.version),
  };
}

/** A version in between is a convenience: when its manifest cannot be had, there is simply no such route. */
async function middleOf(believed: Believed, treeDigest: string, from: { source: Source; fetch: Fetch }): Promise<Manifest | null> {
  const entry = believed.list.releases.find((release) => release.treeDigest === treeDigest);
  if (entry === undefined) return null;
  try {
    return await fetchManifest(entry, from.source, from.fetch);
  } catch (error) {
    if (error instanceof Failed && (error.code.startsWith('check/') || error.code.startsWith('fetch/'))) return null;
    throw error;
  }
}
