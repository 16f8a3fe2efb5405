/** Our client and tuf-js side by side, on the same repository as it changes. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fetcher, Updater } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import type { ReadKey } from '../../../../src/updater/trust/signature.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { ask, sha256, verdict, type Forge, type MetaPart } from '../forge.ts';
import { chance, firstRepository, mutations, pick, target } from './repositories.ts';

/** One step: what happened so far with our verdict, both verdicts, and why tuf-js is known to be wrong where they differ (else null). */
export interface Step {
  readonly story: string;
  readonly ours: Verdict;
  readonly theirs: Verdict;
  readonly oracleFault: string | null;
}

type Verdict = 'accepted' | 'refused';

/** Leads both clients through one sequence of mutations; it ends early where an oracle's fault has led them apart. */
export async function compare(seed: number, { steps, readKey }: { steps: number; readKey?: ReadKey }): Promise<readonly Step[]> {
  const random = chance(seed);
  const repo = firstRepository();
  await using folder = await tempFolder();
  const [ourFolder, theirFolder] = [join(folder.path, 'ours'), join(folder.path, 'theirs')];
  await mkdir(theirFolder);
  await writeFile(join(theirFolder, 'root.json'), repo.files.get('metadata/1.root.json') ?? '');
  const taken: Step[] = [];
  let story = '';
  let storedUnder = onlineKeys(repo);
  while (taken.length < steps) {
    const name = pick(Object.keys(mutations), random);
    story += `${name}; `;
    mutations[name]?.(repo, random);
    const before = await contentsOf(theirFolder);
    const given = { now: new Date(), ...(readKey === undefined ? {} : { readKey }) };
    const said = await verdict(ask(repo, ourFolder, given).then((trusted) => trusted.target(target)));
    const ours: Verdict = said === 'ok' ? 'accepted' : 'refused';
    const theirs = await theirVerdict(repo, theirFolder);
    const after = await contentsOf(theirFolder);
    const oracleFault = ours === theirs ? null : await knownFault({ repo, theirs, before, after, storedUnder });
    taken.push({ story: `${story}(${said})`, ours, theirs, oracleFault });
    if (ours !== theirs) break;
    if (theirs === 'accepted') storedUnder = onlineKeys(repo);
  }
  return taken;
}

interface Difference {
  readonly repo: Forge;
  readonly theirs: Verdict;
  /** The files of tuf-js as they were before it was asked, and after. */
  readonly before: ReadonlyMap<string, Uint8Array>;
  readonly after: ReadonlyMap<string, Uint8Array>;
  /** The keys of the timestamp and snapshot roles when tuf-js last accepted something. */
  readonly storedUnder: readonly string[];
}

/**
 * Where tuf-js is wrong and we are not, shown by what it has stored, or by asking it again without the file that leads it astray.
 *
 * Kept snapshot: it takes its stored snapshot without comparing it with the hash in the timestamp, so it goes on with the old one
 * when the timestamp names other bytes under the same version (TUF 5.5.2; S09).
 *
 * Kept in spite of new keys: when keys of the timestamp or snapshot role are replaced, both stored files are to be forgotten
 * (TUF 5.3.11; S10); it keeps whatever the new keys happen to accept, and then refuses lower numbers.
 *
 * Counted ids: one key under two ids has two votes there (TUF 4.2.1; S26). Seen by a threshold that the role has too few keys for.
 */
async function knownFault({ repo, theirs, before, after, storedUnder }: Difference): Promise<string | null> {
  if (theirs === 'accepted') {
    if (hasTwins(repo)) return 'counted ids';
    return isSignedSnapshot(after) ? null : 'kept snapshot';
  }
  if (storedUnder.every((id) => onlineKeys(repo).includes(id))) return null;
  await using folder = await tempFolder();
  for (const [name, bytes] of before)
    if (name !== 'timestamp.json' && name !== 'snapshot.json') await writeFile(join(folder.path, name), bytes);
  return (await theirVerdict(repo, folder.path)) === 'accepted' ? 'kept in spite of new keys' : null;
}

/** Whether the stored snapshot is the one whose hash the stored timestamp names. */
function isSignedSnapshot(stored: ReadonlyMap<string, Uint8Array>): boolean {
  const { signed }: { signed?: MetaPart } = JSON.parse(String(stored.get('timestamp.json') ?? '{}'));
  const named = signed?.meta['snapshot.json']?.hashes?.['sha256'];
  return named === undefined || named === sha256(stored.get('snapshot.json') ?? '');
}

/** Whether a role has enough ids for its threshold and too few keys. */
function hasTwins({ root }: Forge): boolean {
  return Object.values(root.roles).some(({ keyids, threshold }) => {
    const keys = new Set(keyids.map((id) => JSON.stringify(root.keys[id])));
    return keyids.length >= threshold && keys.size < threshold;
  });
}

function onlineKeys({ root }: Forge): readonly string[] {
  return [...(root.roles['timestamp']?.keyids ?? []), ...(root.roles['snapshot']?.keyids ?? [])];
}

async function contentsOf(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = await readdir(folder);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

async function theirVerdict(repo: Forge, folder: string): Promise<Verdict> {
  try {
    const updater = new Updater({
      metadataDir: folder,
      targetDir: folder,
      metadataBaseUrl: 'memory:/metadata',
      targetBaseUrl: 'memory:/targets',
      fetcher: fetcherOf(repo, folder),
    });
    await updater.refresh();
    const info = await updater.getTargetInfo(target);
    if (info === undefined) return 'refused';
    // Both clients take a target that they have already, if it is still the right one.
    const path = join(folder, 'target');
    if ((await updater.findCachedTarget(info, path)) === undefined) await updater.downloadTarget(info, path);
    return 'accepted';
  } catch {
    // Whatever tuf-js throws is its way of refusing.
    return 'refused';
  }
}

/** Files straight from memory, with the limits that the library's own fetcher keeps. */
function fetcherOf(repo: Forge, folder: string): Fetcher {
  const read = (url: string, maxBytes: number): Buffer => {
    const bytes = repo.files.get(url.slice('memory:/'.length));
    if (bytes === undefined) throw new DownloadHTTPError('not there', 404);
    if (bytes.length > maxBytes) throw new Error('too long');
    return Buffer.from(bytes);
  };
  return {
    downloadBytes: async (url, maxBytes) => read(url, maxBytes),
    downloadFile: async (url, maxBytes, use) => {
      const path = join(folder, 'arrived');
      await writeFile(path, read(url, maxBytes));
      return use(path);
    },
  };
}
