/**
 * The four kinds of TUF 1.0 metadata (https://theupdateframework.github.io/specification/v1.0.33, section 4).
 *
 * What the signatures cover is kept exactly as it was received, unknown fields included; the typed view has only what is
 * used. Every wrong shape is `check/untrusted`.
 */
import { z } from 'zod';
import { parseJson } from '../disk/json.ts';
import { Failed } from '../model/failure.ts';
import { parseAs, timeSchema } from '../model/parse.ts';
import { comparePaths } from '../model/tree.ts';

/** The most that is read of each kind of file, in bytes, and the most roots and roles that one refresh follows. */
export const trustLimits = {
  root: 512 * 1024,
  timestamp: 16 * 1024,
  snapshot: 2 * 1024 ** 2,
  targets: 8 * 1024 ** 2,
  target: 16 * 1024 ** 2,
  rootRotations: 256,
  roles: 32,
} as const;

/** The most bytes that the metadata of a role may have. */
export function limitOf(role: string): number {
  return role === 'root' || role === 'timestamp' || role === 'snapshot' ? trustLimits[role] : trustLimits.targets;
}

const topLevel = /^(root|timestamp|snapshot|targets)$/i;
const idsSchema = z.array(z.string()).refine((ids) => new Set(ids).size === ids.length, 'names a key twice');
const roleSchema = z.object({ keyids: idsSchema, threshold: z.int().min(1) });
const keySchema = z.object({ keytype: z.string(), scheme: z.string(), keyval: z.object({ public: z.string() }) });
const keysSchema = mapOf(keySchema);
const hashesSchema = z.record(z.string(), z.string());

/** Fields of every `signed` part. `moult_signed_at` is ours: TUF lets readers that do not know a field pass over it. */
const common = {
  spec_version: z.string().regex(/^1\.\d+(\.\d+)?$/, 'another version of the specification'),
  version: z.int().min(1),
  expires: timeSchema,
};

const rootSchema = z.object({
  ...common,
  _type: z.literal('root'),
  consistent_snapshot: z.boolean(),
  keys: keysSchema,
  roles: z.object({ root: roleSchema, timestamp: roleSchema, snapshot: roleSchema, targets: roleSchema }),
});

const metaSchema = z.object({
  version: z.int().min(1),
  length: z.int().nonnegative().optional(),
  hashes: hashesSchema.optional(),
});

const timestampSchema = z.object({
  ...common,
  _type: z.literal('timestamp'),
  meta: z.object({ 'snapshot.json': metaSchema }),
  moult_signed_at: timeSchema.optional(),
});

const snapshotSchema = z.object({ ...common, _type: z.literal('snapshot'), meta: mapOf(metaSchema) });

const delegationSchema = roleSchema
  .extend({
    name: z
      .string()
      .min(1)
      .max(128)
      .refine((name) => !topLevel.test(name), 'the name of a top-level role'),
    terminating: z.boolean(),
    paths: z.array(z.string()).optional(),
    path_hash_prefixes: z.array(z.string()).optional(),
  })
  .refine((role) => (role.paths === undefined) !== (role.path_hash_prefixes === undefined), 'needs either paths or path_hash_prefixes');

const targetSchema = z.object({ length: z.int().nonnegative(), hashes: hashesSchema });

const targetsSchema = z.object({
  ...common,
  _type: z.literal('targets'),
  targets: mapOf(targetSchema),
  delegations: z
    .object({
      keys: keysSchema,
      roles: z
        .array(delegationSchema)
        .refine((roles) => new Set(roles.map(({ name }) => name)).size === roles.length, 'names a role twice'),
    })
    .optional(),
});

const envelopeSchema = z.object({
  signed: z.unknown(),
  signatures: z
    .array(z.object({ keyid: z.string(), sig: z.string() }))
    .refine((all) => new Set(all.map(({ keyid }) => keyid)).size === all.length, 'has two signatures under one key id'),
});

export type Key = Readonly<z.infer<typeof keySchema>>;
export type Role = Readonly<z.infer<typeof roleSchema>>;
export type Root = Readonly<z.infer<typeof rootSchema>>;
export type Timestamp = Readonly<z.infer<typeof timestampSchema>>;
export type Snapshot = Readonly<z.infer<typeof snapshotSchema>>;
export type Targets = Readonly<z.infer<typeof targetsSchema>>;
/** What a metadata file says about another one. */
export type Meta = Readonly<z.infer<typeof metaSchema>>;
/** What a role says about a target: its length in bytes and its hashes by algorithm. */
export type Target = Readonly<z.infer<typeof targetSchema>>;
export type Delegation = Readonly<z.infer<typeof delegationSchema>>;

/** A metadata file: its bytes as received, the canonical bytes that were signed, the signatures by key id, and what it says. */
export interface Signed<Body> {
  readonly bytes: Uint8Array;
  readonly message: Uint8Array;
  readonly signatures: ReadonlyMap<string, Uint8Array>;
  readonly body: Body;
}

/** Returns root metadata (TUF 4.3); throws `check/untrusted`. */
export function parseRoot(bytes: Uint8Array): Signed<Root> {
  return parseSigned('root', bytes, rootSchema);
}

/** Returns timestamp metadata (TUF 4.6); throws `check/untrusted`. */
export function parseTimestamp(bytes: Uint8Array): Signed<Timestamp> {
  return parseSigned('timestamp', bytes, timestampSchema);
}

/** Returns snapshot metadata (TUF 4.4); throws `check/untrusted`. */
export function parseSnapshot(bytes: Uint8Array): Signed<Snapshot> {
  return parseSigned('snapshot', bytes, snapshotSchema);
}

/** Returns targets metadata, top-level or delegated (TUF 4.5); throws `check/untrusted`. */
export function parseTargets(bytes: Uint8Array): Signed<Targets> {
  return parseSigned('targets', bytes, targetsSchema);
}

function parseSigned<Schema extends z.ZodType>(
  kind: 'root' | 'timestamp' | 'snapshot' | 'targets',
  bytes: Uint8Array,
  schema: Schema,
): Signed<z.output<Schema>> {
  const value = parseJson(bytes, { maxBytes: limitOf(kind) }, 'check/untrusted');
  const { signed, signatures } = parseAs(envelopeSchema, value, { what: kind, code: 'check/untrusted' });
  const body = parseAs(schema, signed, { what: kind, code: 'check/untrusted' });
  return { bytes, message: canonicalBytes(signed), signatures: new Map(signatures.map(({ keyid, sig }) => [keyid, fromHex(sig)])), body };
}

/** Node's own decoder stops silently at the first wrong letter, which would give one signature many spellings. */
function fromHex(text: string): Buffer {
  return /^([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.alloc(0);
}

/** An object from outside as a map, so that no name can be mistaken for one of JavaScript's own. */
function mapOf<Schema extends z.ZodType>(schema: Schema) {
  return z.record(z.string(), schema).transform((record): ReadonlyMap<string, z.output<Schema>> => new Map(Object.entries(record)));
}

/**
 * The bytes that a TUF signature covers: OLPC canonical JSON (http://wiki.laptop.org/go/Canonical_JSON) in UTF-8.
 *
 * Not the same as `disk/json.ts`: here only the quote and the backslash are escaped, so the text need not be valid JSON.
 * Throws `check/untrusted` for what has no canonical form: fractions, integers above 2^53, half surrogate pairs.
 */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(canonicalText(value));
}

function canonicalText(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object') throw new Failed('check/untrusted', `a ${typeof value} has no canonical form`);
  const members = Object.entries(value).toSorted(([a], [b]) => comparePaths(a, b));
  return `{${members.map(([name, member]) => `${quoted(name)}:${canonicalText(member)}`).join(',')}}`;
}

/** Two different half surrogates would become the same bytes, so text with one is refused. */
function quoted(text: string): string {
  if (!text.isWellFormed()) throw new Failed('check/untrusted', 'text that is not well-formed Unicode has no canonical form');
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
