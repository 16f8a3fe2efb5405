/** How long the data will take at the switch: told before anybody is asked to restart. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow, freeBytes } from '../../../disk/space.ts';
import { cloneFile } from '../../../disk/clone.ts';
import { parseDataDeclaration } from '../../../model/application/data.ts';
import type { Manifest } from '../../../model/manifest.ts';
import type { Instance } from '../../layout.ts';
import type { Epoch } from '../epochs.ts';
import { epochFolder, readEpoch } from '../record.ts';
import { throwawayFolder } from './throwaway.ts';

/** Bytes of state, the milliseconds that cloning and migrating them will take here, about, and why they are too much for a rehearsal (null: they are not). */
export interface DataCost {
  readonly bytes: number;
  readonly cloneMs: number;
  readonly migrationMs: number;
  readonly notRehearsed: string | null;
}

const sampleBytes = 8 * 1024 ** 2;
/** A migration reads the database, writes its log and moves it into the database. */
const passesOfMigration = 3;

/** Measures the disk with a few megabytes, and reckons from there; nothing for a version that is content only. */
export async function estimateData(instance: Instance, manifest: Manifest, from: Epoch): Promise<DataCost> {
  if (manifest.entry === null) return { bytes: 0, cloneMs: 0, migrationMs: 0, notRehearsed: null };
  const { databases } = parseDataDeclaration(manifest.data);
  const bytes = await bytesOfState(instance, manifest, from);
  const known = (await readEpoch(instance, from.epoch))?.dataVersion ?? from.dataVersion;
  const { cloneMs, writeMs } = await measure(instance);
  const share = bytes / sampleBytes;
  const migrated = known === manifest.dataVersion || databases.length === 0 ? 0 : bytes;
  return {
    bytes,
    cloneMs: Math.round(share * cloneMs),
    migrationMs: Math.round((migrated / sampleBytes) * writeMs * passesOfMigration),
    notRehearsed: await tooMuchToRehearse(instance, bytes),
  };
}

/** The bytes in an epoch that the epoch of a version would be a clone of. */
export async function bytesOfState(instance: Instance, { data }: Manifest, { epoch }: Epoch): Promise<number> {
  const parts = [...parseDataDeclaration(data).state, 'evolutions', 'profile'];
  return sum(parts.map((path) => bytesBelow(join(epochFolder(instance, epoch), path))));
}

/** Why that many bytes are not copied for a rehearsal; null when they are: up to `mostBytes` of them, and to half the room that there is. */
export async function tooMuchToRehearse(instance: Instance, bytes: number, mostBytes = 2 * 1024 ** 3): Promise<string | null> {
  if (bytes <= Math.min(mostBytes, (await freeBytes(instance.folder)) / 2)) return null;
  return `${Math.ceil(bytes / 1e6)} MB of data are too much to copy for it`;
}

/** The time for one sample: written and synced, and cloned and synced. */
async function measure(instance: Instance): Promise<{ readonly cloneMs: number; readonly writeMs: number }> {
  await using aside = await throwawayFolder(instance);
  const [sample, copy] = [join(aside.path, 'sample'), join(aside.path, 'copy')];
  const writeMs = await timeOf(async () => {
    await using file = await open(sample, 'wx', 0o600);
    await file.writeFile(Buffer.alloc(sampleBytes, 'sample'));
    await file.sync();
  });
  const cloneMs = await timeOf(async () => {
    await cloneFile(sample, copy);
    await using file = await open(copy, 'r+');
    await file.sync();
  });
  return { cloneMs, writeMs };
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function sum(numbers: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(numbers)).reduce((total, one) => total + one, 0);
}
