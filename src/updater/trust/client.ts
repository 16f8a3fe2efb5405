/** What the engine asks of trust: the newest names and digests that may be believed, from the network or from what is stored. */
import { Failed } from '../model/failure.ts';
import type { Floor } from '../model/generation.ts';
import { quietJob, type Job } from '../model/job.ts';
import { orNull, requireMatch, targetDigest } from './checks.ts';
import { findTarget, type LoadRole } from './delegation.ts';
import { fileName, floorOf, openMemory } from './memory.ts';
import { trustLimits, type Root, type Target } from './metadata.ts';
import { ed25519PublicKey, readEd25519, type ReadKey } from './signature.ts';
import { requireFile, roleOf, topLevel, updateRoot, updateSnapshot, updateTargets, updateTimestamp } from './workflow.ts';
import type { Check, Fetch, RootedCheck } from './workflow.ts';

export type { Fetch };

/** What a check starts from: the folder of what was believed before, the root that came with the product, the versions not to go below, the time. */
export interface Trust {
  readonly folder: string;
  readonly trustedRoot: Uint8Array;
  readonly floor: Floor;
  /** Null for information that may be old: then nothing expires, and everything else holds. */
  readonly now: Date | null;
  /** Only for the conformance suite: keys other than Ed25519. */
  readonly readKey?: ReadKey;
}

/** What a check ends with. */
export interface Trusted {
  /** The floor for everything that is accepted from now on. */
  readonly versions: Floor;
  /** The keys of the targets role, by key id: the release keys, 32 bytes each. */
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>;
  /** When the timestamp was signed, if its signer said so, and until when it counts as fresh; both UTC. */
  readonly signedAt: string | null;
  readonly expires: string;
  /** The verified bytes of a target; throws `check/no-such-version` when no role lists it. */
  target(name: string): Promise<Uint8Array>;
}

/**
 * Brings what we believe up to date (TUF 5). Throws `check/untrusted` for what is not signed, older, mixed or misshapen,
 * `check/stale` when it has expired, `check/offline` when a file is missing, and what `fetch` throws.
 */
export async function refresh(trust: Trust, fetch: Fetch, job: Job): Promise<Trusted> {
  return follow({ readKey: readEd25519, ...trust, memory: openMemory(trust.folder), fetch, job });
}

/** The same from stored files only, whatever their age: for repair, for going back, for a machine without network. Throws like `refresh`. */
export async function loadStored(trust: Trust): Promise<Trusted> {
  const memory = openMemory(trust.folder);
  const fetch: Fetch = async (name) => (name === 'metadata/timestamp.json' ? memory.read('timestamp') : null);
  return follow({ readKey: readEd25519, ...trust, memory, fetch, job: quietJob(), now: null });
}

async function follow(check: Check): Promise<Trusted> {
  const root = await updateRoot(check);
  const timestamp = await updateTimestamp({ ...check, root });
  const rooted = { ...check, root, now: latest(check.now, timestamp.moult_signed_at) };
  const snapshot = await updateSnapshot(rooted, timestamp);
  const load: LoadRole = (by) => updateTargets(rooted, snapshot, by);
  const targets = await load(topLevel(root, 'targets'));
  const versions = new Map([...snapshot.meta].map(([name, { version }]) => [roleOf(name), version] as const));
  versions.set('timestamp', timestamp.version).set('snapshot', snapshot.version);
  return {
    versions: floorOf(root, versions, check.readKey),
    releaseKeys: releaseKeys(root),
    signedAt: timestamp.moult_signed_at ?? null,
    expires: timestamp.expires,
    target: async (name) => fetchTarget(rooted, name, await findTarget(name, targets, load)),
  };
}

/** 5.7; a stored target is as good as a fetched one, for its digest is signed anew with every check. */
async function fetchTarget(check: RootedCheck, name: string, target: Target | null): Promise<Uint8Array> {
  if (target === null) throw new Failed('check/no-such-version', `nothing is published as ${name}`); // 5.7.2
  const digest = targetDigest(name, target.hashes);
  const verified = (bytes: Uint8Array): Uint8Array => {
    requireMatch(name, bytes, target); // 5.7.3
    return bytes;
  };
  const stored = await check.memory.readTarget(name);
  const known = stored === null ? null : orNull(() => verified(stored));
  if (known !== null) return known;
  const segments = name.split('/').map(fileName);
  if (check.root.consistent_snapshot) segments.push(`${digest}.${segments.pop() ?? ''}`);
  const bytes = verified(await requireFile(check, `targets/${segments.join('/')}`, Math.min(target.length, trustLimits.target)));
  await check.memory.writeTarget(name, bytes);
  return bytes;
}

function releaseKeys(root: Root): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const id of root.roles.targets.keyids) {
    const key = root.keys.get(id);
    const publicKey = key === undefined ? null : ed25519PublicKey(key);
    if (publicKey !== null) keys.set(id, publicKey);
  }
  return keys;
}

/** The one floor under time: a moment that a believed signer has already seen. Clocks never set it, so no wrong clock can spoil it. */
function latest(now: Date | null, signedAt: string | undefined): Date | null {
  if (now === null || signedAt === undefined) return now;
  return new Date(Math.max(now.getTime(), Date.parse(signedAt)));
}
