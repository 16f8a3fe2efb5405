/**
 * Which epoch a generation works in. Layout and order of steps stand at the head of `record.ts`.
 *
 * An update never edits an epoch: the one that a new version will run in is a clone of the present one, migrated and checked
 * before anything names it. A kill leaves a `.making-<e>` that nothing reads, or an epoch that no generation names.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { missingMigration, parseDataDeclaration, type DataDeclaration } from '../../model/application/data.ts';
import { Failed } from '../../model/failure.ts';
import type { Generation, Reason } from '../../model/generation.ts';
import type { Job } from '../../model/job.ts';
import { cloneEpoch } from './clone.ts';
import { migrateEpoch } from './migrate.ts';
import { beginEpoch, finishEpoch, markEpoch, readEpoch, setAside, sweepMakings, type EpochInMaking } from './record.ts';
import { listGenerations } from '../generations.ts';
import type { Instance, Layout } from '../layout.ts';
import { acceptedManifest, type Version } from '../versions.ts';

/** What an epoch is made for: the generation and the version that will run in it, and the epoch that it begins as a clone of (null: empty). */
export interface EpochWish {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly version: Version;
  readonly from: Epoch | null;
  readonly generation: number;
  readonly why: Reason;
  readonly now: Date;
}

/** An epoch's number and the version of the data in it. */
export interface Epoch {
  readonly epoch: number;
  readonly dataVersion: number;
}

/**
 * Makes the epoch that a version will run in: clones, migrates the clone with that version's program where the data version
 * differs, checks it. Atomic: the rename. Throws `start/failed` when the migration fails, `switch/data` for data newer than the
 * version can read, `disk/…` when the clone cannot be made. The original is not changed.
 */
export async function makeEpoch(wish: EpochWish, job: Job): Promise<Epoch> {
  await sweepMakings(wish.instance);
  const making = await beginOrClone(wish, job);
  await makeBulk(wish);
  const { epoch, dataVersion } = await finishEpoch(await migrated(making, wish, job));
  return { epoch, dataVersion };
}

/**
 * The epoch that a staged generation is to begin as a clone of; null for an empty one. For an update that is whatever the running
 * generation left. A rollback and a restore name theirs in their own record, until the clone takes its place there: what was
 * then cut off begins anew from the same original.
 */
export async function epochToClone(staged: Generation, current: Generation | null, instance: Instance): Promise<Epoch | null> {
  if (staged.data === 'fresh') return null;
  if (staged.why !== 'rollback' && staged.why !== 'restore') return current;
  const named = await readEpoch(instance, staged.epoch);
  const source = named?.generation === staged.n && named.from !== null ? await readEpoch(instance, named.from) : named;
  return source ?? current;
}

/** Notes that a trial was taken back: the epoch is kept with what was written in it, and nothing starts in it again. Atomic. */
export async function abandonEpoch(instance: Instance, epoch: number): Promise<void> {
  await markEpoch(instance, epoch, 'abandoned');
}

/** Notes that another epoch took this one's place for good. Atomic. */
export async function leaveEpoch(instance: Instance, epoch: number): Promise<void> {
  await markEpoch(instance, epoch, 'left');
}

async function beginOrClone({ layout, instance, version, from, generation, why, now }: EpochWish, job: Job): Promise<EpochInMaking> {
  const { dataVersion } = version.manifest;
  const all = await listGenerations(instance);
  // The numbers of epochs whose folders are gone count too.
  const after = Math.max(0, from?.epoch ?? 0, ...all.filter(({ n }) => n !== generation).map(({ epoch }) => epoch));
  const purpose = { after, generation, why, now };
  if (from === null) return beginEpoch(instance, { dataVersion, from: null }, purpose);
  const known = (await readEpoch(instance, from.epoch))?.dataVersion ?? from.dataVersion;
  if (known > dataVersion) {
    throw new Failed('switch/data', `the data has version ${known}, and ${version.record.version} can read up to ${dataVersion}`);
  }
  const declaration = await bothDeclarations(version, from.epoch, { layout, all });
  return cloneEpoch({ instance, from: from.epoch, dataVersion: known, declaration, purpose }, job);
}

/** What the old version kept and the new one no longer names is cloned too: its migration may want it. */
async function bothDeclarations(
  version: Version,
  epoch: number,
  { layout, all }: { layout: Layout; all: readonly Generation[] },
): Promise<DataDeclaration> {
  const declared = parseDataDeclaration(version.manifest.data);
  const before = all.findLast((generation) => generation.epoch === epoch);
  const manifest = before === undefined ? null : await acceptedManifest(layout, before.treeDigest);
  const old = parseDataDeclaration(manifest?.data ?? null);
  return { ...declared, state: union(declared.state, old.state), databases: union(declared.databases, old.databases) };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}

/** A clone whose data the version can read. One whose migration failed is kept aside, for diagnosis only. */
async function migrated(making: EpochInMaking, wish: EpochWish, job: Job): Promise<EpochInMaking> {
  const { manifest } = wish.version;
  if (making.record.dataVersion === manifest.dataVersion) return making;
  const declaration = parseDataDeclaration(manifest.data);
  const missing = missingMigration(declaration, making.record.dataVersion, manifest.dataVersion);
  if (missing !== null) throw new Failed('start/failed', `${manifest.version} has no migration to data version ${missing}`);
  try {
    await migrateEpoch(making, { ...wish, declaration }, job);
  } catch (error) {
    await setAside(making);
    throw error;
  }
  return { ...making, record: { ...making.record, dataVersion: manifest.dataVersion } };
}

async function makeBulk({ instance, version }: EpochWish): Promise<void> {
  for (const name of parseDataDeclaration(version.manifest.data).bulk)
    await mkdir(join(instance.bulk, name), { recursive: true, mode: 0o700 });
}
