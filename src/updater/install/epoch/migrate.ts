/** Brings a cloned epoch to the data version of a new version, by that version's own program. The clone is no epoch yet. */
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, syncFolder } from '../../disk/atomic.ts';
import { bytesBelow } from '../../disk/space.ts';
import type { DataDeclaration } from '../../model/application/data.ts';
import type { Job } from '../../model/job.ts';
import type { Instance, Layout } from '../layout.ts';
import type { Version } from '../versions.ts';
import { checkDatabase } from './databases.ts';
import { inheritedEnvironment, runToEnd, type Manner } from './program.ts';
import type { EpochInMaking } from './record.ts';

/** Whose program migrates, for which generation, by which declaration. */
export interface Migration {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly version: Version;
  readonly generation: number;
  readonly declaration: DataDeclaration;
  readonly manner?: Omit<Manner, 'limitMs'>;
}

/** Migrates the clone in place, and checks every declared database. Throws `start/failed`, `start/slow`. The epoch that it was cloned from is not touched. */
export async function migrateEpoch(making: Pick<EpochInMaking, 'folder'>, migration: Migration, job: Job): Promise<void> {
  const { folder } = making;
  const healthFile = join(folder, '.health');
  const manner = migration.manner ?? { environment: inheritedEnvironment(), behind: [] };
  const limitMs = await longestMs(folder, migration.version);
  await runToEnd({ ...migration, epochFolder: folder, healthFile, mode: 'migrate' }, { ...manner, limitMs }, job);
  await rm(healthFile, { force: true });
  for (const path of migration.declaration.databases) {
    if (await isThere(join(folder, path))) checkDatabase(join(folder, path), migration.version.manifest.dataVersion);
  }
  await syncFolder(folder);
}

/** Two stages' time, or a second for each megabyte: far above what was ever measured, and yet an end. */
async function longestMs(folder: string, { manifest }: Version): Promise<number> {
  return Math.max(2 * manifest.health.stageTimeoutMs, Math.ceil((await bytesBelow(folder)) / 1000));
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}
