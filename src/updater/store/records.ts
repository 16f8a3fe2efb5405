/**
 * The records of snapshots: `snapshots/<id>.json`, one line of canonical JSON, written last. A snapshot exists when its record does.
 *
 * A record carries the digest of itself. One that cannot be read is never used and never overlooked: it is listed as damaged, and
 * as long as it is there no object goes, since nobody knows which ones it names.
 */
import { randomBytes } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, namesIn, readRecord, syncFolder, writeRecord } from '../disk/atomic.ts';
import { sha256Hex } from '../disk/hash.ts';
import { canonicalJson } from '../disk/json.ts';
import { parseSnapshot, snapshotIdSchema, snapshotLimits, type Snapshot } from '../model/application/snapshot.ts';
import { Failed, failureOf, type Failure } from '../model/failure.ts';

/** Where snapshots are: the folder of all contents, shared, and the folder of one instance's records. */
export interface Store {
  readonly objects: string;
  readonly snapshots: string;
}

/** A snapshot, or what is wrong with its record. */
export type Listed =
  | { readonly kind: 'whole'; readonly id: string; readonly snapshot: Snapshot }
  | { readonly kind: 'damaged'; readonly id: string; readonly failure: Failure };

/** Every snapshot whose record is there, oldest first, whatever state it is in. */
export async function listSnapshots(snapshots: string): Promise<readonly Listed[]> {
  return Promise.all((await idsIn(snapshots)).map((id) => look(snapshots, id)));
}

/** Every snapshot that can be read, oldest first. */
export async function readableSnapshots(snapshots: string): Promise<readonly Snapshot[]> {
  const all = await listSnapshots(snapshots);
  return all.flatMap((listed) => (listed.kind === 'whole' ? [listed.snapshot] : []));
}

/** The id that somebody means by an id or by its number alone; throws `usage/wrong` when there is no such snapshot. */
export async function resolveSnapshot(snapshots: string, named: string): Promise<string> {
  const ids = (await idsIn(snapshots)).filter((id) => id === named || id.split('-')[0] === named);
  const [id] = ids;
  if (id === undefined) throw new Failed('usage/wrong', `there is no snapshot ${JSON.stringify(named)}`);
  if (ids.length > 1) throw new Failed('usage/wrong', `${named} could be ${ids.join(' or ')}`);
  return id;
}

/** One snapshot; throws `usage/wrong` when it is not there, `state/damaged` when its record is not as it was written, `state/newer` for a later program's. */
export async function readSnapshot(snapshots: string, id: string): Promise<Snapshot> {
  const snapshot = await readRecord(recordPath(snapshots, id), (value) => parseNamed(value, id), snapshotLimits.recordBytes);
  if (snapshot === null) throw new Failed('usage/wrong', `there is no snapshot ${id}`);
  return snapshot;
}

/** Writes a snapshot's record with its checksum; from now on it exists. Atomic. */
export async function writeSnapshot(snapshots: string, content: Omit<Snapshot, 'checksum'>): Promise<Snapshot> {
  const snapshot: Snapshot = { ...content, checksum: checksumOf(content) };
  await writeRecord(recordPath(snapshots, snapshot.id), snapshot);
  return snapshot;
}

/** Whether a snapshot's record is there, or nobody can tell. */
export async function mayStand(snapshots: string, id: string): Promise<boolean> {
  return idsIn(snapshots).then(
    (ids) => ids.includes(id),
    () => true,
  );
}

/** Removes a snapshot's record, damaged or not; its objects stay until they are cleaned up. Atomic. */
export async function forgetSnapshot(snapshots: string, id: string): Promise<void> {
  await unlink(recordPath(snapshots, id)).catch((error: unknown) => {
    // Forgotten already, by a run that was cut off.
    if (!hasCode(error, 'ENOENT')) throw error;
  });
  await syncFolder(snapshots);
}

/** An id that no snapshot had: a number above all others, and chance. */
export async function nextId(snapshots: string): Promise<string> {
  const numbers = (await idsIn(snapshots)).map(numberOf);
  return `${Math.max(0, ...numbers) + 1}-${randomBytes(3).toString('hex')}`;
}

/** The digests of all objects that snapshots in these folders name; null when one of them cannot be read, so that nobody knows. */
export async function referencedObjects(folders: readonly string[]): Promise<ReadonlySet<string> | null> {
  const all = (await Promise.all(folders.map(listSnapshots))).flat();
  const digests = new Set<string>();
  for (const listed of all) {
    if (listed.kind === 'damaged') return null;
    for (const { sha256 } of [...listed.snapshot.files, ...(listed.snapshot.program?.files ?? [])]) digests.add(sha256);
  }
  return digests;
}

async function look(snapshots: string, id: string): Promise<Listed> {
  try {
    return { kind: 'whole', id, snapshot: await readSnapshot(snapshots, id) };
  } catch (error) {
    // What is wrong with one record is told beside the others.
    if (error instanceof Failed) return { kind: 'damaged', id, failure: failureOf(error) };
    throw error;
  }
}

function parseNamed(value: unknown, id: string): Snapshot {
  const snapshot = parseSnapshot(value);
  const { checksum, ...content } = parseObject(value);
  if (snapshot.id !== id) throw new Failed('state/damaged', `the record of snapshot ${id} is another one's`);
  if (checksum !== checksumOf(content)) throw new Failed('state/damaged', `the record of snapshot ${id} is not as it was written`);
  return snapshot;
}

/** The record with the fields that this program does not know: its checksum is over all of them. */
function parseObject(value: unknown): Readonly<Record<string, unknown>> {
  return value as Readonly<Record<string, unknown>>;
}

function checksumOf(content: object): string {
  return sha256Hex(canonicalJson(content));
}

async function idsIn(snapshots: string): Promise<readonly string[]> {
  const names = (await namesIn(snapshots)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  return names.filter((id) => snapshotIdSchema.safeParse(id).success).toSorted((a, b) => numberOf(a) - numberOf(b));
}

function numberOf(id: string): number {
  return Number(id.split('-')[0]);
}

function recordPath(snapshots: string, id: string): string {
  return join(snapshots, `${id}.json`);
}
