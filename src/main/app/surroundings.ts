/** What the notes application finds around it: boot contract v1's environment, its tree (where it is started), its epoch. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readRecord } from '../../updater/disk/atomic.ts';
import { epochFolder } from '../../updater/install/epoch/record.ts';
import { installedGeneration } from '../../updater/install/generations.ts';
import { parseAs } from '../../updater/model/parse.ts';
import { placeOf } from '../cli/place.ts';
import { newestDataVersion } from './migrations.ts';

const environmentSchema = z.object({
  MOULT_MODE: z.enum(['run', 'preflight', 'migrate', 'export']).default('run'),
  MOULT_INSTANCE: z.string().default('default'),
  MOULT_EPOCH: z.string().optional(),
  MOULT_HEALTH: z.string().optional(),
  MOULT_EXPORT_TO: z.string().optional(),
});

export type Mode = z.infer<typeof environmentSchema>['MOULT_MODE'];

/** Where the application works: `dataVersion` is what this version of it reads and writes. */
export interface Surroundings {
  readonly mode: Mode;
  readonly epoch: string;
  readonly database: string;
  readonly dataVersion: number;
  readonly healthFile: string | null;
  readonly exportTo: string | null;
}

/** Looks around. Started by hand, without the contract, it works on what the instance runs now. Throws `usage/wrong`, `start/nothing`. */
export async function lookAround(environment: NodeJS.ProcessEnv, tree: string): Promise<Surroundings> {
  const told = parseAs(environmentSchema, environment, { what: 'environment', code: 'usage/wrong' });
  const epoch = told.MOULT_EPOCH ?? (await currentEpoch(told.MOULT_INSTANCE));
  return {
    mode: told.MOULT_MODE,
    epoch,
    database: join(epoch, 'data', 'notes.db'),
    dataVersion: await dataVersionOfTree(tree),
    healthFile: told.MOULT_HEALTH ?? null,
    exportTo: told.MOULT_EXPORT_TO ?? null,
  };
}

/** What the program says about its health, as one line each that is there at once and for good when this returns. */
export type HealthLine =
  | { readonly stage: 'loaded' | 'config' | 'database' | 'service' | 'ready' }
  | { readonly unhealthy: string }
  | { readonly quitting: 'user' | 'session' };

/** Says one line to whoever watches; nothing where nobody does. */
export function sayHealth({ healthFile }: Pick<Surroundings, 'healthFile'>, line: HealthLine): void {
  if (healthFile !== null) appendFileSync(healthFile, `${JSON.stringify(line)}\n`, { flag: 'a', mode: 0o600 });
}

async function currentEpoch(name: string): Promise<string> {
  const { instance } = placeOf({ root: undefined, instance: name, json: false, quiet: false, yes: false });
  return epochFolder(instance, (await installedGeneration(instance)).epoch);
}

const settingSchema = z.object({ dataVersion: z.int().min(1).max(newestDataVersion) });

/** `app.json` in the tree may hold an older data version on: so a release can be of the program and not yet of its data. */
async function dataVersionOfTree(tree: string): Promise<number> {
  const parse = (value: unknown) => parseAs(settingSchema, value, { what: 'app.json', code: 'start/failed' });
  return (await readRecord(join(tree, 'app.json'), parse))?.dataVersion ?? newestDataVersion;
}
