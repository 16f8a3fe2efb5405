/**
 * The version on offer as the last check found it, in `<instance>/offer.json`: so that a person without network is reminded too.
 *
 * It belongs to the version that runs; once another one does, it is as if it were not there. Written whole; a damaged one costs nothing but
 * the time to the next check.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readableRecord, writeRecord } from '../../../updater/disk/atomic.ts';
import type { UpdateResult } from '../../../updater/engine/process/requests.ts';
import type { Instance } from '../../../updater/install/layout.ts';
import { releaseTypes, risks, severities } from '../../../updater/model/manifest.ts';
import { parseAs, sizeSchema, timeSchema, versionSchema } from '../../../updater/model/parse.ts';

const countSchema = z.int().nonnegative();

const offeredSchema = z.object({
  version: versionSchema,
  from: versionSchema,
  type: z.enum(releaseTypes),
  severity: z.enum(severities),
  risk: z.enum(risks),
  publishedAt: timeSchema,
  notes: z.record(z.string(), z.string()),
  changes: z.object({ security: countSchema, fixes: countSchema, features: countSchema }),
  bytesToFetch: sizeSchema,
  route: z.enum(['present', 'direct', 'two', 'full']),
  restartMs: countSchema,
  needsRestart: z.boolean(),
  breaking: z.array(z.string()),
  canMigrate: z.boolean(),
  canSnapshot: z.boolean(),
  dataBytes: sizeSchema,
  dataMigration: z.object({ from: countSchema, to: countSchema }).nullable(),
  canBeUndone: z.boolean(),
  isSteppingStone: z.boolean(),
  signed: z.object({ signedAt: timeSchema.nullable(), expires: timeSchema }),
});

/** A version on offer to an installation that runs `from`; `restartMs` is what the data takes at the switch. */
export type Offered = Readonly<z.infer<typeof offeredSchema>>;

/** What a check that found a version says about it, in the words of an offer. */
export function offeredBy({ current, version, plan, effect, about, dataCost, news }: Extract<UpdateResult, { kind: 'planned' }>): Offered {
  const { freeBytes, ...told } = about;
  const dataBytes = dataCost?.bytes ?? 0;
  return {
    ...told,
    version,
    from: current ?? version,
    bytesToFetch: plan.bytesToFetch,
    route: plan.route.kind,
    restartMs: (dataCost?.cloneMs ?? 0) + (dataCost?.migrationMs ?? 0),
    needsRestart: effect.restart,
    breaking: [...about.breaking],
    canSnapshot: freeBytes > dataBytes,
    dataBytes,
    dataMigration: effect.dataMigration,
    canBeUndone: effect.canBeUndone,
    signed: { signedAt: news.signedAt, expires: news.expires },
  };
}

/** Whether it asks for a choice about the data first. */
export function isBreaking({ breaking, canMigrate }: Offered): boolean {
  return breaking.length > 0 || !canMigrate;
}

/** What was last on offer to an installation that runs `running`; null when nothing was. */
export async function readOffer(instance: Instance, running: string): Promise<Offered | null> {
  const parse = (value: unknown): Offered => parseAs(offeredSchema, value, { what: 'offer.json', code: 'state/damaged' });
  const offered = await readableRecord(pathOf(instance), parse, 4 * 1024 ** 2);
  return offered?.from === running ? offered : null;
}

/** Keeps what is on offer, or that nothing is. Atomic. */
export async function writeOffer(instance: Instance, offered: Offered | null): Promise<void> {
  if (offered === null) await rm(pathOf(instance), { force: true });
  else await writeRecord(pathOf(instance), offered);
}

function pathOf(instance: Instance): string {
  return join(instance.folder, 'offer.json');
}
