/** The header of a DGMO_PATCH_V1 file. The container around it is described in `patches/container.ts`. */
import { z } from 'zod';
import { Failed } from './failure.ts';
import { parseAs, sha256Schema, sizeSchema, versionSchema } from './parse.ts';
import { modes, parts, pathSchema, treeLimits, treeLinkSchema } from './tree.ts';

export const patchLimits = { headerBytes: 64 * 1024 ** 2, frameBytes: 4 * 1024 ** 2 } as const;

export const forms = ['whole', 'sparse', 'text', 'predicted'] as const;

const frameSchema = z.object({
  offset: sizeSchema,
  size: z.int().positive(),
  plainSize: z.int().positive().max(patchLimits.frameBytes),
  sha256: sha256Schema,
});
const streamSchema = z.object({ frame: z.int().nonnegative(), offset: sizeSchema, length: z.int().nonnegative() });

/** What every entry that ends in a file says about that file. */
const result = { path: pathSchema, sha256To: sha256Schema, size: sizeSchema, mode: z.enum(modes), part: z.enum(parts) };

const entrySchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), ...result, form: z.literal('whole'), streams: z.array(streamSchema) }),
  z.object({
    op: z.literal('patch'),
    ...result,
    from: pathSchema,
    sha256From: sha256Schema,
    form: z.enum(forms),
    streams: z.array(streamSchema),
  }),
  z.object({ op: z.literal('move'), ...result, from: pathSchema, sha256From: sha256Schema }),
  z.object({ op: z.literal('delete'), path: pathSchema, sha256From: sha256Schema }),
]);

const headerSchema = z.object({
  keyId: z.string().max(128),
  fromVersion: versionSchema.nullable(),
  toVersion: versionSchema,
  fromChecksum: sha256Schema,
  toChecksum: sha256Schema,
  compression: z.literal('zstd'),
  frames: z.array(frameSchema),
  entries: z.array(entrySchema).max(2 * treeLimits.entries),
  links: z.array(treeLinkSchema),
  bodySize: sizeSchema,
  patchChecksum: sha256Schema,
});

/**
 * `add` carries the whole file; `patch` rebuilds from `from` in one of the forms; `move` takes the bytes of `from` unchanged (a renamed or copied file, or only another mode);
 * old files that no entry mentions are kept. Entries with the same result share their streams. `links` is the complete list of the new tree's links.
 */
export type PatchEntry = Readonly<z.infer<typeof entrySchema>>;
/** An entry whose bytes stand in the patch. */
export type BuiltEntry = Extract<PatchEntry, { readonly op: 'add' | 'patch' }>;
export type PatchFrame = Readonly<z.infer<typeof frameSchema>>;
export type PatchStream = Readonly<z.infer<typeof streamSchema>>;
export type PatchForm = (typeof forms)[number];
export type PatchHeader = Readonly<z.infer<typeof headerSchema>>;

/** Returns a header whose fields have the right shapes; throws `build/invalid`. Whether its sizes add up is the container's to check. */
export function parsePatchHeader(value: unknown): PatchHeader {
  const header = parseAs(headerSchema, value, { what: 'patch header', code: 'build/invalid' });
  const seen = new Set<string>();
  for (const { path } of header.entries) {
    if (seen.has(path)) throw new Failed('build/invalid', `patch header: ${JSON.stringify(path)} stands there twice`);
    seen.add(path);
  }
  return header;
}
