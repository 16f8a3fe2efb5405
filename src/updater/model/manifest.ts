/**
 * The release manifest: one JSON document per version, platform and architecture.
 *
 * Field names are a contract with every client in the field. Unknown fields are ignored, missing ones refused with their
 * path, and a `schema` with another major number is 'needs a newer updater'.
 */
import { z } from 'zod';
import { Failed } from './failure.ts';
import { nameSchema, parseAs, sha256Schema, sizeSchema, timeSchema, versionSchema } from './parse.ts';
import { treeFileSchema, treeLinkSchema, treeProblem } from './tree.ts';

export const manifestLimits = { bytes: 64 * 1024 ** 2, patches: 64, evolutions: 1000, changes: 2000 } as const;

export const releaseTypes = ['patch', 'minor', 'major', 'security'] as const;
export const severities = ['none', 'low', 'high', 'critical'] as const;
export const risks = ['low', 'medium', 'high'] as const;

/** The path of a file in the repository, relative to its base URL; no segment begins with a dot, so none climbs (`1.0.0..1.1.0.patch` is a name). */
const urlSchema = z
  .string()
  .max(512)
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._+-]*(\/[A-Za-z0-9_-][A-Za-z0-9._+-]*)*$/, 'not a plain relative URL');

/** A DGMO_PATCH_V1 file in the repository; the header's digest is over its first `headerSize` bytes. */
export const packageSchema = z.object({
  url: urlSchema,
  size: sizeSchema,
  sha256: sha256Schema,
  headerSize: sizeSchema,
  headerSha256: sha256Schema,
});

/** What a release asks of the machine that takes it; null where it asks nothing. */
export const needsSchema = z.object({
  updater: versionSchema.nullable(),
  os: z.string().max(64).nullable(),
  libc: z.string().max(64).nullable(),
  minFrom: versionSchema.nullable(),
});

const evolutionSchema = z.object({
  id: z.string().max(128),
  version: versionSchema,
  size: sizeSchema,
  kind: z.string().max(32),
  description: z.string().max(2000),
  risk: z.enum(risks),
  breaking: z.boolean(),
  required: z.boolean(),
  autoApply: z.boolean(),
  requires: z.array(z.string().max(128)).max(100),
});

export const manifestSchema = z.object({
  schema: z.string(),
  product: nameSchema,
  version: versionSchema,
  platform: nameSchema,
  arch: nameSchema,
  publishedAt: timeSchema,
  type: z.enum(releaseTypes),
  severity: z.enum(severities),
  risk: z.enum(risks),
  notes: z.record(z.string().max(16), z.string().max(1024 ** 2)),
  changes: z.array(z.object({ kind: z.string().max(32), text: z.string().max(2000) })).max(manifestLimits.changes),
  breaking: z.array(z.object({ what: z.string().max(2000), exports: z.array(z.string().max(200)).max(100) })).max(100),
  tree: z.object({ digest: sha256Schema, files: z.array(treeFileSchema), links: z.array(treeLinkSchema) }),
  full: packageSchema,
  patches: z.array(packageSchema.extend({ from: versionSchema, fromTree: sha256Schema })).max(manifestLimits.patches),
  evolutions: z.array(evolutionSchema).max(manifestLimits.evolutions),
  needs: needsSchema,
  dataVersion: z.int().nonnegative(),
  configSchema: z.int().nonnegative(),
  chromiumMajor: z.int().nonnegative().nullable(),
  rollback: z.object({ supported: z.boolean(), minVersion: versionSchema.nullable() }),
  entry: z.object({ program: z.string().max(1024), args: z.array(z.string().max(4096)).max(100) }).nullable(),
  data: z.record(z.string(), z.json()).nullable(),
  health: z.object({
    stageTimeoutMs: z.int().min(1000).max(3_600_000),
    tries: z.int().min(1).max(10),
    errorRateLimit: z.int().min(1).max(100),
  }),
  provenance: z.object({
    revision: z.string().max(128),
    source: z.string().max(512),
    builtAt: timeSchema,
    builder: z.string().max(256),
    inputsDigest: sha256Schema,
  }),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type Package = Readonly<z.infer<typeof packageSchema>>;
export type PatchPackage = Manifest['patches'][number];
export type Needs = Readonly<z.infer<typeof needsSchema>>;

/** Returns a manifest whose every field is as promised; throws `check/needs-updater` for another schema major, else `check/invalid`. The tree's digest is checked by `disk`. */
export function parseManifest(value: unknown): Manifest {
  parseSchemaMajor(value, 'manifest');
  const manifest = parseAs(manifestSchema, value, { what: 'manifest', code: 'check/invalid' });
  const problem = treeProblem(manifest.tree);
  if (problem !== null) throw new Failed('check/invalid', `manifest tree: ${problem}`);
  const program = manifest.entry?.program;
  if (program !== undefined && !manifest.tree.files.some(({ path, mode }) => path === program && mode === 'program')) {
    throw new Failed('check/invalid', 'manifest entry.program: not a program of the tree');
  }
  return manifest;
}

/** Throws `check/needs-updater` when a document was written for a later generation of clients. */
export function parseSchemaMajor(value: unknown, what: string): void {
  const { schema } = parseAs(z.object({ schema: z.string().regex(/^\d+\.\d+$/, 'not a schema version') }), value, {
    what,
    code: 'check/invalid',
  });
  if (!schema.startsWith('1.')) throw new Failed('check/needs-updater', `${what}: schema ${schema} is newer than this program`);
}
