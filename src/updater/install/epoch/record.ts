/**
 * Epochs of one instance: `epochs/<e>/` holds config/, data/, evolutions/, profile/ and, written last, `epoch.json`.
 *
 * An epoch is made as `epochs/.making-<e>-<random>`, synced, and renamed: until then nothing reads it. It exists when its `epoch.json`
 * does, and no update edits it afterwards: only the programs that run in it do, and here its state. A migration that failed
 * leaves its clone as `.failed-<e>`, for diagnosis only. Numbers of what existed are never used twice. All this happens under the instance's lock.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { namesIn, readableRecord, removeTree, syncFolder, writeRecord } from '../../disk/atomic.ts';
import { reasonSchema, type Reason } from '../../model/generation.ts';
import { parseAs, timeSchema, timeText } from '../../model/parse.ts';
import type { Instance } from '../layout.ts';

const recordSchema = z.object({
  epoch: z.int().positive(),
  dataVersion: z.int().nonnegative(),
  from: z.int().positive().nullable(),
  generation: z.int().positive(),
  why: reasonSchema,
  createdAt: timeSchema,
  state: z.enum(['live', 'abandoned', 'left']),
});

/** One epoch: which data version it holds, the epoch that it was cloned from, the generation it was made for, and whether it was abandoned (by a failed trial) or left (for another one). */
export type EpochRecord = Readonly<z.infer<typeof recordSchema>>;

/** What an epoch is made for; its number is greater than `after`, and than that of every folder there. */
export interface Purpose {
  readonly after: number;
  readonly generation: number;
  readonly why: Reason;
  readonly now: Date;
}

/** An epoch that is not one yet: its folder may be written to and thrown away. */
export interface EpochInMaking {
  readonly instance: Instance;
  readonly record: EpochRecord;
  readonly folder: string;
}

/** The folders of every epoch: what programs find there whether or not something was ever written. */
export const epochFolders = ['config', 'data', 'evolutions', 'profile'] as const;

/** The folder of an epoch; it may not exist. */
export function epochFolder(instance: Instance, epoch: number): string {
  return join(instance.epochs, String(epoch));
}

/** One epoch's record; null when there is none, or it cannot be read. */
export async function readEpoch(instance: Instance, epoch: number): Promise<EpochRecord | null> {
  const record = await readableRecord(join(epochFolder(instance, epoch), 'epoch.json'), parseEpoch);
  return record?.epoch === epoch ? record : null;
}

/** Every epoch that exists, oldest first. */
export async function listEpochs(instance: Instance): Promise<readonly EpochRecord[]> {
  const records = await Promise.all((await usedNumbers(instance)).map((epoch) => readEpoch(instance, epoch)));
  return records.filter((record) => record !== null);
}

/** Makes an empty epoch with this record, unless it exists. Not atomic: the record comes last. */
export async function ensureEpoch(instance: Instance, record: EpochRecord): Promise<void> {
  if ((await readEpoch(instance, record.epoch)) !== null) return;
  const folder = epochFolder(instance, record.epoch);
  for (const part of epochFolders) await mkdir(join(folder, part), { recursive: true, mode: 0o700 });
  await writeRecord(join(folder, 'epoch.json'), record);
}

/** Makes the empty folder of the next epoch, which is none until `finishEpoch`. */
export async function beginEpoch(
  instance: Instance,
  { dataVersion, from }: Pick<EpochRecord, 'dataVersion' | 'from'>,
  { after, generation, why, now }: Purpose,
): Promise<EpochInMaking> {
  await mkdir(instance.epochs, { recursive: true, mode: 0o700 });
  const epoch = Math.max(after, ...(await usedNumbers(instance))) + 1;
  // A program that outlived whoever started it still has the path of its own clone, never that of a later one.
  const folder = join(instance.epochs, `.making-${epoch}-${randomBytes(4).toString('hex')}`);
  for (const part of ['', ...epochFolders]) await mkdir(join(folder, part), { mode: 0o700 });
  return { instance, folder, record: { epoch, dataVersion, from, generation, why, createdAt: timeText(now), state: 'live' } };
}

/** Makes an epoch of what was made. Atomic: the rename is the moment. */
export async function finishEpoch({ instance, record, folder }: EpochInMaking): Promise<EpochRecord> {
  await writeRecord(join(folder, 'epoch.json'), record);
  await rename(folder, epochFolder(instance, record.epoch));
  await syncFolder(instance.epochs);
  return record;
}

/** Keeps what became of a failed migration, for diagnosis, in the place of an earlier one. */
export async function setAside({ instance, record, folder }: EpochInMaking): Promise<void> {
  const earlier = (await namesIn(instance.epochs)).filter((name) => name.startsWith('.failed-'));
  for (const name of earlier) await removeTree(join(instance.epochs, name));
  await rename(folder, join(instance.epochs, `.failed-${record.epoch}`));
}

/** Removes what killed makers of epochs left behind. */
export async function sweepMakings(instance: Instance): Promise<void> {
  const names = (await namesIn(instance.epochs)).filter((name) => name.startsWith('.making-'));
  for (const name of names) await removeTree(join(instance.epochs, name));
}

/** Notes what became of an epoch. Atomic; nothing happens when there is no such epoch. */
export async function markEpoch(instance: Instance, epoch: number, state: EpochRecord['state']): Promise<void> {
  const record = await readEpoch(instance, epoch);
  if (record !== null && record.state !== state) await writeRecord(join(epochFolder(instance, epoch), 'epoch.json'), { ...record, state });
}

function parseEpoch(value: unknown): EpochRecord {
  return parseAs(recordSchema, value, { what: 'epoch.json', code: 'state/damaged' });
}

/** Numbers of epochs, of those that were never finished, and of those whose migration failed. */
async function usedNumbers(instance: Instance): Promise<readonly number[]> {
  const names = await namesIn(instance.epochs);
  const numbers = names
    .map((name) => /^(?:\.making-|\.failed-)?([1-9]\d{0,14})(?:-[0-9a-f]{8})?$/.exec(name)?.[1])
    .filter((n) => n !== undefined);
  return [...new Set(numbers.map(Number))].toSorted((a, b) => a - b);
}
