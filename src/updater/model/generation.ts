/**
 * What an instance runs, as it stands on disk.
 *
 * `current.json` holds one pointer; `generations/<n>.json` holds one record each. Both are one line of canonical JSON, since
 * the launcher reads them with `sed`.
 */
import { z } from 'zod';
import { Failed, failureCodes } from './failure.ts';
import { nameSchema, parseAs, sha256Schema, timeSchema, versionSchema } from './parse.ts';

const generationStates = ['staged', 'trying', 'good', 'bad'] as const;
export const reasonSchema = z.enum(['install', 'update', 'rollback', 'restore', 'repair', 'evolutions']);

const pointerSchema = z.object({ generation: z.int().positive() });

export const failureSchema = z.object({
  code: z.enum(failureCodes),
  detail: z.string(),
  retry: z.enum(['soon', 'later', 'changed', 'never']),
});

const generationSchema = z.object({
  n: z.int().positive(),
  version: versionSchema,
  treeDigest: sha256Schema,
  evolutions: z.record(z.string(), z.string()),
  epoch: z.int().positive(),
  dataVersion: z.int().nonnegative(),
  state: z.enum(generationStates),
  triesLeft: z.int().nonnegative(),
  previous: z.int().positive().nullable(),
  why: reasonSchema,
  /** What its data begins as: a migrated clone of what was there, or nothing (`fresh`). */
  data: z.enum(['clone', 'fresh']).default('clone'),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  confirmedAt: timeSchema.nullable(),
  failure: failureSchema.nullable(),
});

export const floorSchema = z.record(z.string().max(256), z.int().positive());

const versionRecordSchema = z.object({
  version: versionSchema,
  treeDigest: sha256Schema,
  manifestSha256: sha256Schema,
  floor: floorSchema,
  createdAt: timeSchema,
});

const sourceSchema = z.object({
  product: nameSchema,
  channel: nameSchema,
  platform: nameSchema,
  arch: nameSchema,
  urls: z.array(z.string().max(2048)).min(1).max(16),
  trustedRoot: z.string().max(512 * 1024),
  machineId: z.string().regex(/^[0-9a-f]{32}$/, 'not 32 hexadecimal digits'),
  caFile: z.string().max(4096).nullable().default(null),
  pins: z.array(sha256Schema).max(16).default([]),
});

/** The one thing that a switch changes. */
export type Pointer = Readonly<z.infer<typeof pointerSchema>>;
/** One version + the chosen evolutions + one epoch, and how its trial went. */
export type Generation = Readonly<z.infer<typeof generationSchema>>;
export type Reason = Generation['why'];
/** Version numbers of signed metadata, per role, below which nothing is believed any more. */
export type Floor = Readonly<z.infer<typeof floorSchema>>;
/** `versions/<v>-<digest8>.json`: its existence is the version's existence. */
export type VersionRecord = Readonly<z.infer<typeof versionRecordSchema>>;
/**
 * `source.json`: where updates come from, the text of the root metadata that the installation began with, and a random id that never
 * leaves the machine; also a PEM file with further certificate authorities, and the only public keys that servers may have (SHA-256
 * of their SubjectPublicKeyInfo; any where there are none).
 */
export type Source = Readonly<z.infer<typeof sourceSchema>>;

/** Returns a pointer; throws `state/damaged`, `state/newer` for one that a later program wrote. */
export function parsePointer(value: unknown): Pointer {
  refuseNewer(value, 'current.json');
  return parseAs(pointerSchema, value, { what: 'current.json', code: 'state/damaged' });
}

/** Returns a generation record; throws `state/damaged`, `state/newer` for one that a later program wrote. */
export function parseGeneration(value: unknown): Generation {
  refuseNewer(value, 'generation record');
  return parseAs(generationSchema, value, { what: 'generation record', code: 'state/damaged' });
}

/** Returns a version's record; throws `state/damaged`. */
export function parseVersionRecord(value: unknown): VersionRecord {
  return parseAs(versionRecordSchema, value, { what: 'version record', code: 'state/damaged' });
}

/** Returns where updates come from; throws `state/damaged`. */
export function parseSource(value: unknown): Source {
  return parseAs(sourceSchema, value, { what: 'source.json', code: 'state/damaged' });
}

/** Pointer and records are additive and have no `schema` field; one that has another than 1 is for later programs only. */
function refuseNewer(value: unknown, what: string): void {
  const newer = z.object({ schema: z.unknown() }).safeParse(value);
  if (newer.success && newer.data.schema !== undefined && newer.data.schema !== 1) {
    throw new Failed('state/newer', `the ${what} was written by a newer program`);
  }
}

/** The folder of a version below `versions/`, for example `1.4.0-0a1b2c3d`. */
export function versionName(version: string, treeDigest: string): string {
  return `${version}-${treeDigest.slice(0, 8)}`;
}
