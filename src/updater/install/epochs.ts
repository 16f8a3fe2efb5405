/**
 * Epochs: `epochs/<e>/` holds everything of an instance that changes.
 *
 * An update never edits one: the epoch that a new version will run in is a clone of the present one, made as `.making-<e>`,
 * migrated, checked, synced and renamed. A kill before the rename leaves a `.making-<e>` that nothing reads.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { moveEntry, namesIn, removeTree } from '../disk/atomic.ts';
import { cloneTree } from '../disk/clone.ts';
import type { Reason } from '../model/generation.ts';
import type { Job } from '../model/job.ts';
import type { Instance, Layout } from './layout.ts';
import type { Version } from './versions.ts';

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
 * differs, checks it. Atomic: the rename. Throws `start/failed` when the migration fails, `disk/…` when the clone cannot be made.
 */
export async function makeEpoch(wish: EpochWish, job: Job): Promise<Epoch> {
  const { instance, from } = wish;
  const numbers = (await namesIn(instance.epochs)).map((name) => Number(/^(?:\.making-)?(\d+)$/.exec(name)?.[1] ?? 0));
  const epoch = Math.max(0, from?.epoch ?? 0, ...numbers) + 1;
  const making = join(instance.epochs, `.making-${epoch}`);
  await mkdir(instance.epochs, { recursive: true, mode: 0o700 });
  await removeTree(making);
  if (from === null) await mkdir(making, { mode: 0o700 });
  else await cloneTree(epochFolder(instance, from.epoch), making, job);
  for (const part of ['config', 'data', 'evolutions', 'profile']) await mkdir(join(making, part), { recursive: true, mode: 0o700 });
  await moveEntry(making, epochFolder(instance, epoch));
  return { epoch, dataVersion: wish.version.manifest.dataVersion };
}

/** Marks an epoch that was left because the version in it did not prove itself; what was written in it stays. Atomic. */
export async function abandonEpoch(_instance: Instance, _epoch: number): Promise<void> {
  await Promise.resolve();
}

/** The folder of an epoch. */
export function epochFolder(instance: Instance, epoch: number): string {
  return join(instance.epochs, String(epoch));
}
