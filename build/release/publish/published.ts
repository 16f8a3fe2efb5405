import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { canonicalJson, parseJson } from '../../../src/updater/disk/json.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { parseOffers, parseReleaseList, type Offers, type ReleaseList } from '../../../src/updater/model/offers.ts';
import { trustLimits } from '../../../src/updater/trust/metadata.ts';
import { isRepository, readPublished, readTarget } from '../metadata/repository.ts';

/** The documents that a repository publishes now: release lists by `<platform>-<arch>`, and every channel's offers. */
export interface Documents {
  readonly lists: ReadonlyMap<string, ReleaseList>;
  readonly offers: readonly Offers[];
}

/** Reads what the publisher's own repository publishes now; throws `usage/wrong` when there is none, `state/damaged` when it is broken. */
export async function readDocuments(repo: string): Promise<Documents> {
  if (!(await isRepository(repo))) throw new Failed('usage/wrong', `there is no repository in ${repo}: begin with init`);
  const { targets, channels } = await readPublished(repo);
  const lists = await Promise.all([...targets.targets].map(([name, target]) => readDocument(repo, { name, target }, parseReleaseList)));
  const offers = await Promise.all([...channels.targets].map(([name, target]) => readDocument(repo, { name, target }, parseOffers)));
  return { lists: new Map(lists.map((list) => [targetOf(list), list])), offers };
}

/** `linux-x64`, as it stands in names of files. */
export function targetOf(what: { readonly platform: string; readonly arch: string }): string {
  return `${what.platform}-${what.arch}`;
}

/** Release lists under their targets' names, as bytes to sign. */
export function listFiles(lists: readonly ReleaseList[]): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(lists.map((list) => [`releases/${targetOf(list)}.json`, Buffer.from(canonicalJson(list))] as const));
}

/** Channels' offers under their targets' names, as bytes to sign. */
export function offersFiles(all: readonly Offers[]): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(
    all.map((offers) => [`offers/${offers.channel}/${targetOf(offers)}.json`, Buffer.from(canonicalJson(offers))] as const),
  );
}

async function readDocument<T>(
  repo: string,
  { name, target }: { name: string; target: { hashes: Readonly<Record<string, string>> } },
  parse: (value: unknown) => T,
): Promise<T> {
  const bytes = await readTarget(repo, name);
  if (bytes === null || sha256Hex(bytes) !== target.hashes['sha256']) throw new Failed('state/damaged', `the file of ${name} was altered`);
  return parse(parseJson(bytes, { maxBytes: trustLimits.target }, 'state/damaged'));
}
