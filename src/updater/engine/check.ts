/** From a question to a release that is believed: fetch, verify, choose. Changes nothing but the stored metadata. */
import { writeRecord } from '../disk/atomic.ts';
import { fetchBytes } from '../download/bytes.ts';
import type { Remote } from '../download/remote.ts';
import { floorOf } from '../install/versions.ts';
import type { Layout } from '../install/layout.ts';
import { Failed } from '../model/failure.ts';
import type { Floor, Source } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Manifest } from '../model/manifest.ts';
import { timeText } from '../model/parse.ts';
import { chooseRelease, type Passed } from '../trust/choose.ts';
import { refresh, type Fetch, type Trusted } from '../trust/client.ts';
import { believe, fetchManifest, type Believed } from '../trust/release.ts';
import { thisMachine, updaterVersion } from './machine.ts';

/** Where a check happens and whom it asks. */
export interface Asking {
  readonly layout: Layout;
  readonly source: Source;
  readonly remote: Remote;
  readonly now: Date;
}

/** A release that is believed and fits this machine, with what vouches for it. */
export interface Release {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly floor: Floor;
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>;
}

/** What a check found: a release, or none; and every offer that was passed over with its reason. */
export interface Found {
  readonly release: Release | null;
  readonly passed: readonly Passed[];
  /** The manifest of any other published version, by its tree: null when it is not published or cannot be had. */
  middle(treeDigest: string): Promise<Manifest | null>;
}

/** The version that runs here (null: none), the one that was asked for by name (null: none), and those that failed here and are on hold. */
export interface Want {
  readonly version: string | null;
  readonly exact: string | null;
  readonly held: readonly Passed[];
}

/** Asks the source for the first offer that fits, or for exactly the one that was asked for. Throws `check/…` and `fetch/…`. */
export async function findRelease(asking: Asking, want: Want, job: Job): Promise<Found> {
  const { layout, source, remote, now } = asking;
  const fetch: Fetch = (name, maxBytes) => fetchBytes(remote, { name, maxBytes }, job);
  job.report({ step: 'check', doneBytes: 0, totalBytes: null });
  const trust = { folder: layout.trust, trustedRoot: Buffer.from(source.trustedRoot), floor: await floorOf(layout), now };
  const trusted = await refresh(trust, fetch, job);
  const believed = await believe(trusted, source);
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
  await writeRecord(layout.checked, { at: timeText(now), offered: choice.kind === 'release' ? choice.entry.version : null });
  const release = choice.kind === 'release' ? await releaseOf(choice.entry, { trusted, source, fetch }) : null;
  return { release, passed: choice.passed, middle: (treeDigest) => middleOf(believed, treeDigest, { source, fetch }) };
}

type Entry = Believed['list']['releases'][number];

async function releaseOf(entry: Entry, from: { trusted: Trusted; source: Source; fetch: Fetch }): Promise<Release> {
  const manifest = await fetchManifest(entry, from.source, from.fetch);
  return { manifest, manifestSha256: entry.manifest.sha256, floor: from.trusted.versions, releaseKeys: from.trusted.releaseKeys };
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
