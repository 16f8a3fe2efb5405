/**
 * A repository as a new client sees it: from a root that somebody vouches for, over the network or from a folder, with the
 * client's own code and nothing remembered. Every published version is looked at, not only the one that is on offer.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBounded, removeTree } from '../../../src/updater/disk/atomic.ts';
import { parseJson } from '../../../src/updater/disk/json.ts';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { openRemote, type Remote } from '../../../src/updater/download/remote.ts';
import { Failed, failureOf, type Failure } from '../../../src/updater/model/failure.ts';
import type { Job } from '../../../src/updater/model/job.ts';
import { parseReleaseList, type ReleaseList } from '../../../src/updater/model/offers.ts';
import { refresh, type Fetch, type Trusted } from '../../../src/updater/trust/client.ts';
import { parseTargets, trustLimits } from '../../../src/updater/trust/metadata.ts';
import { believe, fetchManifest } from '../../../src/updater/trust/release.ts';
import type { Entry } from '../publish/documents.ts';
import { targetOf } from '../publish/published.ts';
import { toolVersion } from '../server/version.ts';
import { atOnce, checkPackages, type Depth } from './packages.ts';

/** Where the repository is (URL or folder) and what of it to look at. */
export interface VerifyOptions {
  readonly source: string;
  /** The root that a client came with; null takes the repository's own first one, which then vouches for itself. */
  readonly trustedRoot: Uint8Array | null;
  readonly caFile?: string | undefined;
  readonly depth: Depth;
  readonly now: Date;
  /** Only these versions of these `<platform>-<arch>`; null for all. */
  readonly only: readonly { readonly target: string; readonly version: string }[] | null;
}

/** Something that clients would refuse. */
export interface Problem {
  readonly what: string;
  readonly failure: Failure;
}

/** What was looked at, and what is wrong with it. */
export interface Verdict {
  readonly signedAt: string | null;
  readonly expires: string;
  readonly versions: readonly { readonly target: string; readonly version: string; readonly files: number; readonly bytes: number }[];
  readonly channels: readonly string[];
  readonly problems: readonly Problem[];
}

/** Looks at a repository as a new client would. Throws what a client's first check would: `check/…`, `fetch/…`; the rest is in `problems`. */
export async function verifyRepository(options: VerifyOptions, job: Job): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'moult-verify-'));
  try {
    await using remote = openRemote({
      urls: [options.source],
      userAgent: `moult-release/${toolVersion()}`,
      ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
      ...(options.source.includes('://') ? {} : { wait: atOnce }),
    });
    return await look({ options, remote, folder, fetch: (name, maxBytes) => fetchBytes(remote, { name, maxBytes }, job) }, job);
  } finally {
    await removeTree(folder);
  }
}

interface Looking {
  readonly options: VerifyOptions;
  readonly remote: Remote;
  readonly folder: string;
  readonly fetch: Fetch;
}

async function look(looking: Looking, job: Job): Promise<Verdict> {
  const { options, folder, fetch } = looking;
  const trustedRoot = options.trustedRoot ?? (await fetch('metadata/1.root.json', trustLimits.root));
  if (trustedRoot === null) throw new Failed('check/offline', `there is no repository at ${options.source}`);
  const trusted = await refresh({ folder: join(folder, 'trust'), trustedRoot, floor: {}, now: options.now }, fetch, job);
  const names = await targetNames(trusted, join(folder, 'trust'));
  const lists = await Promise.all(names.releases.map((name) => readList(trusted, name)));
  const problems: Problem[] = [];
  for (const list of lists) problems.push(...(await channelProblems(list, { names: names.offers, trusted })));
  const versions = [];
  for (const list of lists) {
    for (const entry of list.releases.filter((release) => isWanted(options, list, release))) {
      const found = await lookAtVersion({ list, entry, trusted }, looking, job);
      if ('failure' in found) problems.push(found);
      else versions.push({ target: targetOf(list), version: entry.version, ...found });
    }
  }
  return { signedAt: trusted.signedAt, expires: trusted.expires, versions, channels: names.offers, problems };
}

function isWanted({ only }: VerifyOptions, list: ReleaseList, entry: Entry): boolean {
  return only === null || only.some(({ target, version }) => target === targetOf(list) && version === entry.version);
}

/** A client knows what to ask for; this has to find out, from the verified metadata that the check left in its folder. */
async function targetNames(trusted: Trusted, folder: string): Promise<{ releases: readonly string[]; offers: readonly string[] }> {
  const asked = await trusted.target('offers/none/none').catch(failureOf); // Makes it load the channels' role; that name is nobody's.
  if ('code' in asked && asked.code !== 'check/no-such-version') throw new Failed(asked.code, asked.detail);
  const namesOf = async (role: string): Promise<readonly string[]> => {
    const bytes = await readBounded(join(folder, `${role}.json`), trustLimits.targets);
    return bytes === null ? [] : [...parseTargets(bytes).body.targets.keys()];
  };
  return { releases: (await namesOf('targets')).filter((name) => name.startsWith('releases/')), offers: await namesOf('channels') };
}

async function readList(trusted: Trusted, name: string): Promise<ReleaseList> {
  return parseReleaseList(parseJson(await trusted.target(name), { maxBytes: trustLimits.target }, 'check/invalid'));
}

/** Every channel of a platform must be believable, and offer only what the release list names. */
async function channelProblems(list: ReleaseList, from: { names: readonly string[]; trusted: Trusted }): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const published = new Set(list.releases.map(({ manifest }) => manifest.sha256));
  for (const name of from.names.filter((each) => each.endsWith(`/${targetOf(list)}.json`))) {
    const channel = name.split('/')[1] ?? '';
    try {
      const { product, platform, arch } = list;
      const { offers } = await believe(from.trusted, { product, channel, platform, arch });
      const foreign = offers.offers.find(({ manifest }) => !published.has(manifest.sha256));
      if (foreign !== undefined) throw new Failed('check/untrusted', `it offers ${foreign.version}, which the release list does not name`);
    } catch (error) {
      problems.push(problemOf(name, error));
    }
  }
  return problems;
}

async function lookAtVersion(
  what: { list: ReleaseList; entry: Entry; trusted: Trusted },
  { options, remote, folder, fetch }: Looking,
  job: Job,
): Promise<{ files: number; bytes: number } | Problem> {
  const { list, entry, trusted } = what;
  try {
    const manifest = await fetchManifest(entry, list, fetch);
    return await checkPackages(manifest, { remote, folder, keys: trusted.releaseKeys, depth: options.depth }, job);
  } catch (error) {
    return problemOf(`${targetOf(list)} ${entry.version}`, error);
  }
}

/** One bad version must not hide the next one; being stopped ends everything. */
function problemOf(what: string, error: unknown): Problem {
  const failure = failureOf(error);
  if (failure.code === 'job/cancelled' || failure.code === 'bug/unexpected') throw error;
  return { what, failure };
}
