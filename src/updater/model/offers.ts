/** The two signed lists that say what exists (release list, offline key) and what is offered now (offers, online key). */
import { z } from 'zod';
import { needsSchema, parseSchemaMajor } from './manifest.ts';
import { nameSchema, parseAs, sha256Schema, sizeSchema, timeSchema, versionSchema } from './parse.ts';

const manifestRefSchema = z.object({ sha256: sha256Schema, size: sizeSchema });

const releaseListSchema = z.object({
  schema: z.string(),
  product: nameSchema,
  platform: nameSchema,
  arch: nameSchema,
  releases: z.array(z.object({ version: versionSchema, treeDigest: sha256Schema, manifest: manifestRefSchema })).max(20_000),
});

const offerSchema = z.object({
  version: versionSchema,
  manifest: manifestRefSchema,
  ramp: z.array(z.object({ at: timeSchema, percent: z.int().min(0).max(100) })).max(100),
  paused: z.boolean(),
  needs: needsSchema,
});

/** An offer that this client does not understand is skipped, so a later kind of offer does not stop the older ones. */
const offersSchema = z.object({
  schema: z.string(),
  product: nameSchema,
  channel: nameSchema,
  platform: nameSchema,
  arch: nameSchema,
  offers: z.array(z.unknown()).max(1000),
  withdrawn: z.array(z.object({ version: versionSchema, reason: z.string().max(2000) })).max(1000),
});

/** Every published version of one platform and architecture, with its manifest's digest. */
export type ReleaseList = Readonly<z.infer<typeof releaseListSchema>>;
/** One version on offer: the share of machines (`ramp`, by time), whether it is paused, what it needs. */
export type Offer = Readonly<z.infer<typeof offerSchema>>;
/** What one channel offers, newest first, and what it took back. */
export type Offers = Readonly<Omit<z.infer<typeof offersSchema>, 'offers'>> & { readonly offers: readonly Offer[] };

/** Returns the list of published versions; throws `check/invalid` or `check/needs-updater`. */
export function parseReleaseList(value: unknown): ReleaseList {
  parseSchemaMajor(value, 'release list');
  return parseAs(releaseListSchema, value, { what: 'release list', code: 'check/invalid' });
}

/** Returns what a channel offers, without the offers it does not understand; throws `check/invalid` or `check/needs-updater`. */
export function parseOffers(value: unknown): Offers {
  parseSchemaMajor(value, 'offers');
  const document = parseAs(offersSchema, value, { what: 'offers', code: 'check/invalid' });
  const offers = document.offers.flatMap((offer) => {
    const result = offerSchema.safeParse(offer);
    return result.success ? [result.data] : [];
  });
  return { ...document, offers };
}
