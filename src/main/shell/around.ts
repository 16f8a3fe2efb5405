/** What a program of this product finds around it: boot contract v1's environment, and where it says how it is. */
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { epochFolder } from '../../updater/install/epoch/record.ts';
import { installedGeneration } from '../../updater/install/generations.ts';
import type { Instance, Layout } from '../../updater/install/layout.ts';
import { failureOf } from '../../updater/model/failure.ts';
import { parseAs } from '../../updater/model/parse.ts';
import { placeOf } from '../cli/place.ts';

const environmentSchema = z.object({
  MOULT_MODE: z.enum(['run', 'preflight', 'migrate', 'export']).default('run'),
  MOULT_ROOT: z.string().optional(),
  MOULT_INSTANCE: z.string().default('default'),
  MOULT_GENERATION: z.coerce.number().int().positive().optional(),
  MOULT_EPOCH: z.string().optional(),
  MOULT_HEALTH: z.string().optional(),
  MOULT_EXPORT_TO: z.string().optional(),
  MOULT_SAFE: z.string().optional(),
  MOULT_HOST: z.enum(['electron', 'browser', 'headless']).optional(),
});

type Told = z.infer<typeof environmentSchema>;

/** Where a program works and what is wished of it: `epoch` is a folder; `host` null where the person asked for none. */
export interface Around {
  readonly mode: Told['MOULT_MODE'];
  readonly layout: Layout;
  readonly instance: Instance;
  readonly generation: number | null;
  readonly epoch: string;
  readonly healthFile: string | null;
  readonly exportTo: string | null;
  readonly isSafe: boolean;
  readonly host: NonNullable<Told['MOULT_HOST']> | null;
}

/** Looks around. Started by hand, without the contract, it works on what the instance runs now. Throws `usage/wrong`, `start/nothing`. */
export async function lookAround(environment: NodeJS.ProcessEnv): Promise<Around> {
  const told = parseAs(environmentSchema, environment, { what: 'environment', code: 'usage/wrong' });
  const place = placeOf({ root: told.MOULT_ROOT, instance: told.MOULT_INSTANCE });
  return {
    ...place,
    ...(await worksOn(told, place.instance)),
    mode: told.MOULT_MODE,
    healthFile: told.MOULT_HEALTH ?? null,
    exportTo: told.MOULT_EXPORT_TO ?? null,
    isSafe: told.MOULT_SAFE === '1',
    host: told.MOULT_HOST ?? null,
  };
}

async function worksOn({ MOULT_EPOCH, MOULT_GENERATION }: Told, instance: Instance): Promise<Pick<Around, 'epoch' | 'generation'>> {
  if (MOULT_EPOCH !== undefined) return { epoch: MOULT_EPOCH, generation: MOULT_GENERATION ?? null };
  const { n, epoch } = await installedGeneration(instance);
  return { epoch: epochFolder(instance, epoch), generation: n };
}

/** What a program says about its health, as one line each that is there at once and for good when this returns. */
export type HealthLine =
  | { readonly stage: 'loaded' | 'config' | 'database' | 'page' | 'service' | 'ready' }
  | { readonly unhealthy: string }
  | { readonly requests: number; readonly errors: number }
  | { readonly quitting: 'user' | 'session'; readonly again?: true };

/** Says one line to whoever watches; nothing where nobody does, or the disk is full: that is no fault of the program. */
export function sayHealth({ healthFile }: Pick<Around, 'healthFile'>, line: HealthLine): void {
  try {
    if (healthFile !== null) appendFileSync(healthFile, `${JSON.stringify(line)}\n`, { flag: 'a', mode: 0o600 });
  } catch (error) {
    if (!failureOf(error).code.startsWith('disk/')) throw error;
  }
}
