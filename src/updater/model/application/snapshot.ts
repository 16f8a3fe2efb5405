/**
 * A snapshot: what an instance had at one moment, as `snapshots/<id>.json` says it. The bytes are in `objects/`, named by their digests.
 *
 * Additive: a reader ignores fields it does not know, and leaves alone a record whose `schema` is newer than its own.
 */
import { z } from 'zod';
import { Failed } from '../failure.ts';
import { nameSchema, parseAs, sha256Schema, sizeSchema, timeSchema, versionSchema } from '../parse.ts';
import { modes, treeLimits } from '../tree.ts';

const snapshotKinds = ['manual', 'pre-update', 'scheduled', 'abandoned'] as const;

/** `keep` automatic ones stay unless another number is asked for; what a failed trial left behind stays `abandonedDays` days. */
export const snapshotLimits = { recordBytes: 128 * 1024 ** 2, noteLength: 500, keep: 5, abandonedDays: 90 } as const;

/** A number that orders the snapshots of an instance whatever its clock says, and a random part that makes it unique after deletions: `12-3fa9c1`. */
export const snapshotIdSchema = z.string().regex(/^[1-9]\d{0,8}-[0-9a-f]{6}$/, 'not the id of a snapshot');

/** A path of a person's own data: any name that the system allows, so long as it stays inside the folder. */
const keptPathSchema = z.string().refine(staysInside, 'not a path inside the folder');

const keptFileSchema = z.object({ path: keptPathSchema, size: sizeSchema, sha256: sha256Schema, mode: z.enum(modes) });

/** What makes a version stand again without the network: its files, and what its record said. */
const programSchema = z.object({
  manifestSha256: sha256Schema,
  floor: z.record(z.string().max(256), z.int().positive()),
  files: z.array(keptFileSchema).max(treeLimits.entries),
});

const snapshotSchema = z.object({
  schema: z.literal(1),
  id: snapshotIdSchema,
  createdAt: timeSchema,
  kind: z.enum(snapshotKinds),
  note: z.string().max(snapshotLimits.noteLength),
  pinned: z.boolean(),
  generation: z.int().positive(),
  epoch: z.int().positive(),
  product: nameSchema,
  platform: nameSchema,
  arch: nameSchema,
  version: versionSchema,
  treeDigest: sha256Schema,
  evolutions: z.record(z.string(), z.string()),
  dataVersion: z.int().nonnegative(),
  folders: z.array(keptPathSchema).max(treeLimits.entries),
  files: z.array(keptFileSchema).max(treeLimits.entries),
  program: programSchema.nullable(),
  size: sizeSchema,
  checksum: sha256Schema,
});

/** One file that a snapshot keeps: its path below the epoch (or the version), and the object with its content. */
export type KeptFile = Readonly<z.infer<typeof keptFileSchema>>;
/**
 * `folders` are the empty ones; `program` the version itself where an independent copy of it was asked for, else null, and
 * the version is only named; `size` is the plain bytes of all `files`; `checksum` the SHA-256 of the record without itself.
 */
export type Snapshot = Readonly<z.infer<typeof snapshotSchema>>;
export type KeptProgram = Readonly<z.infer<typeof programSchema>>;
export type SnapshotKind = Snapshot['kind'];

/** Returns a snapshot's record; throws `state/newer` for one that a later program wrote, `state/damaged` for anything else that is none. */
export function parseSnapshot(value: unknown): Snapshot {
  const newer = z.object({ schema: z.int().min(2) }).safeParse(value);
  if (newer.success) throw new Failed('state/newer', `a snapshot of schema ${newer.data.schema}, written by a newer program`);
  return parseAs(snapshotSchema, value, { what: 'snapshot', code: 'state/damaged' });
}

function staysInside(path: string): boolean {
  const isShort = path.length <= 4096 && path.isWellFormed() && !path.includes('\u0000');
  return isShort && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}
