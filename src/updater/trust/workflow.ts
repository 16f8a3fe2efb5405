/**
 * The client workflow of The Update Framework: from bytes that anyone may have written to metadata that we believe.
 *
 * The numbers are clauses of https://theupdateframework.github.io/specification/v1.0.33. Each file is stored as soon as it is
 * believed, so a check that ends anywhere leaves what a later one can start from. Differences from the text, all of them
 * stricter: votes are counted by key and not by key id; there is a floor from outside; a stored file counts only while the keys
 * in use now would accept it.
 */
import { Failed } from '../model/failure.ts';
import type { Floor } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import { orNull, requireFresh, requireMatch, requireNotOlder, requireVersion } from './checks.ts';
import { fileName, hasRotated, lowestVersion, type Memory } from './memory.ts';
import { limitOf, parseRoot, parseSnapshot, parseTargets, parseTimestamp, trustLimits } from './metadata.ts';
import type { Meta, Root, Signed, Snapshot, Targets, Timestamp } from './metadata.ts';
import { requireVotes, type Delegator, type ReadKey } from './signature.ts';

/** Gets a file of the repository by its name, or null when it is not there; throws when it has more than `maxBytes` or nobody answers. */
export type Fetch = (name: string, maxBytes: number) => Promise<Uint8Array | null>;

/** One check. Its time is fixed (5.1); null means that nothing expires. */
export interface Check {
  readonly memory: Memory;
  readonly trustedRoot: Uint8Array;
  readonly floor: Floor;
  readonly fetch: Fetch;
  readonly now: Date | null;
  readonly readKey: ReadKey;
  readonly job: Job;
}

/** A check that knows its root. */
export interface RootedCheck extends Check {
  readonly root: Root;
}

/** 5.3: from the newest root that we have, one step at a time, to the newest there is. */
export async function updateRoot(check: Check): Promise<Root> {
  let root = await startingRoot(check);
  for (let rotations = 0; rotations < trustLimits.rootRotations; rotations += 1) {
    const bytes = await fetchFile(check, `metadata/${root.version + 1}.root.json`, trustLimits.root); // 5.3.3
    if (bytes === null) break;
    const next = parseRoot(bytes);
    requireVotes(next, topLevel(root, 'root'), check.readKey); // 5.3.4 (1)
    requireVotes(next, topLevel(next.body, 'root'), check.readKey); // 5.3.4 (2)
    requireVersion('the new root', next.body.version, root.version + 1); // 5.3.5
    await storeRoot(check, root, next);
    root = next.body; // 5.3.7
  }
  requireFloor({ ...check, root }, 'root', root.version);
  requireFresh('root', root.expires, check.now); // 5.3.10
  return root;
}

/** 5.2: the stored root, or the one that came with the product when that is newer or the stored one is damaged. */
async function startingRoot(check: Check): Promise<Root> {
  const parse = (bytes: Uint8Array): Signed<Root> => {
    const root = parseRoot(bytes);
    requireVotes(root, topLevel(root.body, 'root'), check.readKey);
    return root;
  };
  const stored = await recall(check, 'root', parse);
  const shipped = orNull(() => parse(check.trustedRoot));
  if (stored !== null && stored.body.version >= (shipped?.body.version ?? 0)) return stored.body;
  const root = shipped ?? parse(check.trustedRoot);
  await storeRoot(check, stored?.body ?? null, root);
  return root.body;
}

/** 5.3.11 before 5.3.8: a stop in between must not leave numbers that a stolen key has driven up beside the root that recovers from it. */
async function storeRoot(check: Check, before: Root | null, next: Signed<Root>): Promise<void> {
  if (before !== null && hasRotated(before, next.body, check.readKey)) await check.memory.drop('timestamp', 'snapshot');
  await check.memory.write('root', next.bytes);
}

/** 5.4 */
export async function updateTimestamp(check: RootedCheck): Promise<Timestamp> {
  const parse = (bytes: Uint8Array): Signed<Timestamp> => {
    const timestamp = parseTimestamp(bytes);
    requireVotes(timestamp, topLevel(check.root, 'timestamp'), check.readKey); // 5.4.2
    return timestamp;
  };
  const stored = await recall(check, 'timestamp', parse);
  const fetched = parse(await requireFile(check, 'metadata/timestamp.json', trustLimits.timestamp)); // 5.4.1
  if (stored !== null) requireNotOlder('timestamp', stored.body.version, fetched.body.version); // 5.4.3.1
  const isNew = stored === null || fetched.body.version > stored.body.version;
  const timestamp = isNew ? fetched : stored;
  const named = timestamp.body.meta['snapshot.json'].version;
  if (stored !== null) requireNotOlder('snapshot', stored.body.meta['snapshot.json'].version, named); // 5.4.3.2
  requireFloor(check, 'timestamp', timestamp.body.version);
  requireFloor(check, 'snapshot', named);
  requireFresh('update information', timestamp.body.expires, check.now); // 5.4.4
  if (isNew) await check.memory.write('timestamp', timestamp.bytes); // 5.4.5
  return timestamp.body;
}

/** 5.5 */
export async function updateSnapshot(check: RootedCheck, timestamp: Timestamp): Promise<Snapshot> {
  const meta = timestamp.meta['snapshot.json'];
  const parse = (bytes: Uint8Array): Signed<Snapshot> => {
    const snapshot = parseSnapshot(bytes);
    requireVotes(snapshot, topLevel(check.root, 'snapshot'), check.readKey); // 5.5.3
    return snapshot;
  };
  const accept = (bytes: Uint8Array): Signed<Snapshot> => {
    requireMatch('snapshot', bytes, meta); // 5.5.2
    const snapshot = parse(bytes);
    requireVersion('snapshot', snapshot.body.version, meta.version); // 5.5.4
    for (const [name, { version }] of snapshot.body.meta) requireFloor(check, roleOf(name), version);
    requireFresh('snapshot', snapshot.body.expires, check.now); // 5.5.6
    return snapshot;
  };
  const current = await recall(check, 'snapshot', accept);
  if (current !== null) return current.body;
  const stored = await recall(check, 'snapshot', parse);
  const fetched = accept(await requireMetadata(check, 'snapshot', meta)); // 5.5.1
  for (const [name, { version }] of stored?.body.meta ?? []) requireNotOlder(name, version, fetched.body.meta.get(name)?.version ?? 0); // 5.5.5
  await check.memory.write('snapshot', fetched.bytes); // 5.5.7
  return fetched.body;
}

/** 5.6, for the top-level role as for delegated ones: each is verified with the keys of whoever delegates to it now. */
export async function updateTargets(check: RootedCheck, snapshot: Snapshot, by: Delegator): Promise<Targets> {
  const meta = snapshot.meta.get(`${by.name}.json`);
  if (meta === undefined) throw new Failed('check/untrusted', `the snapshot does not list ${by.name}`);
  const accept = (bytes: Uint8Array): Signed<Targets> => {
    requireMatch(by.name, bytes, meta); // 5.6.2
    const targets = parseTargets(bytes);
    requireVotes(targets, by, check.readKey); // 5.6.3
    requireVersion(by.name, targets.body.version, meta.version); // 5.6.4
    requireFresh(by.name, targets.body.expires, check.now); // 5.6.5
    return targets;
  };
  const stored = await recall(check, by.name, accept);
  if (stored !== null) return stored.body;
  const fetched = accept(await requireMetadata(check, by.name, meta)); // 5.6.1
  await check.memory.write(by.name, fetched.bytes); // 5.6.6
  return fetched.body;
}

/** Who speaks for a top-level role. */
export function topLevel(root: Root, name: keyof Root['roles']): Delegator {
  return { name, keys: root.keys, role: root.roles[name] };
}

/** The role that a file of the snapshot belongs to. */
export function roleOf(name: string): string {
  return name.replace(/\.json$/, '');
}

/** Gets a file that has to be there; throws `check/offline` when it is not. */
export async function requireFile(check: Check, name: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await fetchFile(check, name, maxBytes);
  if (bytes === null) throw new Failed('check/offline', `${name} is not there`);
  return bytes;
}

async function fetchFile({ fetch, job }: Check, name: string, maxBytes: number): Promise<Uint8Array | null> {
  job.signal.throwIfAborted();
  const bytes = await fetch(name, maxBytes);
  if (bytes !== null && bytes.length > maxBytes) throw new Failed('check/untrusted', `${name} has more than ${maxBytes} bytes`);
  return bytes;
}

/** 5.3.12: where a role's metadata lies depends on whether the repository keeps consistent snapshots. */
async function requireMetadata(check: RootedCheck, role: string, { version, length }: Meta): Promise<Uint8Array> {
  const prefix = check.root.consistent_snapshot ? `${version}.` : '';
  return requireFile(check, `metadata/${prefix}${fileName(role)}.json`, Math.min(length ?? Infinity, limitOf(role)));
}

/** What is stored under a role's name, if it still passes; otherwise it counts as absent and the next write replaces it. */
async function recall<T>(check: Check, role: string, parse: (bytes: Uint8Array) => T): Promise<T | null> {
  const bytes = await check.memory.read(role);
  return bytes === null ? null : orNull(() => parse(bytes));
}

function requireFloor(check: RootedCheck, role: string, version: number): void {
  requireNotOlder(role, lowestVersion(check.floor, role, check), version);
}
