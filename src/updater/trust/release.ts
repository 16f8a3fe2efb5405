/** From verified metadata to documents that are about this product, this platform and this very version. */
import { sha256Hex, treeDigest } from '../disk/hash.ts';
import { parseJson } from '../disk/json.ts';
import { Failed } from '../model/failure.ts';
import { manifestLimits, parseManifest, type Manifest } from '../model/manifest.ts';
import { parseOffers, parseReleaseList, type Offers, type ReleaseList } from '../model/offers.ts';
import type { Fetch, Trusted } from './client.ts';
import { trustLimits } from './metadata.ts';

/** What an installation is, and what it therefore accepts. */
export interface Product {
  readonly product: string;
  readonly channel: string;
  readonly platform: string;
  readonly arch: string;
}

/** The two lists: what was ever published (release key), and what is on offer now (online key). */
export interface Believed {
  readonly list: ReleaseList;
  readonly offers: Offers;
}

/**
 * Reads both lists. Throws `check/untrusted` when one is about another product, channel or platform (S06), `check/no-such-version`
 * when nothing is published for this one, `check/invalid` or `check/needs-updater` for what this version cannot read.
 */
export async function believe(trusted: Trusted, what: Product): Promise<Believed> {
  const platform = `${what.platform}-${what.arch}`;
  const [listBytes, offersBytes] = [
    await trusted.target(`releases/${platform}.json`),
    await trusted.target(`offers/${what.channel}/${platform}.json`),
  ];
  const limits = { maxBytes: trustLimits.target };
  const list = parseReleaseList(parseJson(listBytes, limits, 'check/invalid'));
  const offers = parseOffers(parseJson(offersBytes, limits, 'check/invalid'));
  requireSame('the release list', list, { product: what.product, platform: what.platform, arch: what.arch });
  requireSame('the offers', offers, { product: what.product, channel: what.channel, platform: what.platform, arch: what.arch });
  return { list, offers };
}

/**
 * Fetches the manifest of a published version, which is trusted by its digest. Throws `check/untrusted` unless everything that
 * the release list says of it is true (S05, S06, S09), `check/offline` when it is not there, `check/invalid` for a wrong shape.
 */
export async function fetchManifest(
  entry: ReleaseList['releases'][number],
  what: Omit<Product, 'channel'>,
  fetch: Fetch,
): Promise<Manifest> {
  const { sha256, size } = entry.manifest;
  const name = `manifests/${sha256}.json`;
  const bytes = await fetch(name, Math.min(size, manifestLimits.bytes));
  if (bytes === null) throw new Failed('check/offline', `${name} is not there`);
  if (bytes.length !== size || sha256Hex(bytes) !== sha256)
    throw new Failed('check/untrusted', `${name} is not what the release list names`);
  const manifest = parseManifest(parseJson(bytes, { maxBytes: manifestLimits.bytes }, 'check/invalid'));
  const { product, platform, arch } = what;
  requireSame('the manifest', manifest, { version: entry.version, product, platform, arch });
  requireSame("the manifest's tree", manifest.tree, { digest: entry.treeDigest });
  requireSame("the manifest's tree", { digest: treeDigest(manifest.tree) }, { digest: entry.treeDigest });
  return manifest;
}

/** What is signed for something else is no error of ours: somebody put it in this place. */
function requireSame<Field extends string>(
  what: string,
  found: NoInfer<Readonly<Record<Field, unknown>>>,
  expected: Readonly<Record<Field, string>>,
): void {
  for (const field in expected) {
    if (found[field] === expected[field]) continue;
    throw new Failed(
      'check/untrusted',
      `${what} says ${field} ${JSON.stringify(found[field])} instead of ${JSON.stringify(expected[field])}`,
    );
  }
}
