/** Publishing: new targets or new signatures, in the order that never shows a client half of it. */
import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { Meta, Target } from '../../../src/updater/trust/metadata.ts';
import type { KeyRole, Keys } from './keys.ts';
import { highestVersion, isRepository, readPublished, writeMetadata, writeTarget, writeTimestamp, type Published } from './repository.ts';
import { firstRoot, firstTargets, rootBody, signedPart, signersFor, targetsBody } from './roles.ts';
import { signMetadata, type Signer } from './sign.ts';

/** Files by target name, such as `releases/linux-x64.json`. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What to publish: `targets` are signed by the release key (`releases/…`), `channels` by the online key (`offers/…`). Other files stay as they are. */
export interface Change {
  readonly targets?: Files;
  readonly channels?: Files;
  readonly now: Date;
}

/** New contents of the two roles that list files (those that are missing stay as they are), and who signs. */
export interface Edition {
  readonly bodies: { readonly targets?: object; readonly channels?: object };
  readonly signers: Readonly<Record<Exclude<KeyRole, 'root'>, readonly Signer[]>>;
  readonly now: Date;
}

/**
 * Starts a repository that publishes nothing yet. Its profile is told by the number of root keys: 2 are solo, 3 team.
 * Throws `usage/wrong` when keys are missing or there is a repository already.
 */
export async function initRepository(repo: string, keys: Keys, now: Date): Promise<void> {
  if (await isRepository(repo)) throw new Failed('usage/wrong', `${repo} is a repository already`);
  const bodies = { targets: firstTargets(keys), channels: { targets: {} } };
  await writeRole(repo, 'root', { body: firstRoot(keys), signers: keys.root, now });
  await writeEdition(repo, null, { bodies, signers: keys, now });
}

/** Publishes new or changed files of either role, or both at one moment. Throws `usage/wrong` when a key that must sign is not there. */
export async function publish(repo: string, keys: Keys, change: Change): Promise<void> {
  const published = await readPublished(repo);
  const { now } = change;
  const bodies = {
    ...(change.targets === undefined ? {} : { targets: await bodyWith(repo, published.targets, change.targets) }),
    ...(change.channels === undefined ? {} : { channels: await bodyWith(repo, published.channels, change.channels) }),
  };
  await writeEdition(repo, published, { bodies, signers: editionSigners(keys, published, bodies), now });
}

/** Publishes files of the targets role. Throws like `publish`. */
export async function publishTargets(
  repo: string,
  keys: Keys,
  { files, now }: { readonly files: Files; readonly now: Date },
): Promise<void> {
  await publish(repo, keys, { targets: files, now });
}

/** Publishes files of the channels role. Throws like `publish`. */
export async function publishOffers(
  repo: string,
  keys: Keys,
  { files, now }: { readonly files: Files; readonly now: Date },
): Promise<void> {
  await publish(repo, keys, { channels: files, now });
}

/** Signs the timestamp again, for another seven days: what the online machine does every day. */
export async function resignTimestamp(repo: string, keys: Keys, now: Date): Promise<void> {
  const published = await readPublished(repo);
  const meta = published.timestamp.meta['snapshot.json'];
  await writeStamp(repo, published, { meta, signers: signersFor('timestamp', keys, published), now });
}

/** Signs roles again as they are, each for its full time; snapshot and timestamp follow by themselves, except that the root needs neither. */
export async function renew(
  repo: string,
  keys: Keys,
  { roles, now }: { readonly roles: readonly KeyRole[]; readonly now: Date },
): Promise<void> {
  const published = await readPublished(repo);
  const bodies = {
    ...(roles.includes('targets') ? { targets: targetsBody(published.targets) } : {}),
    ...(roles.includes('channels') ? { channels: targetsBody(published.channels) } : {}),
  };
  // All signers are looked for before anything is written: a renewal happens whole or not at all.
  const edition = roles.some((role) => role !== 'root') ? { bodies, signers: editionSigners(keys, published, bodies), now } : null;
  if (roles.includes('root')) {
    const root = { body: rootBody(published.root), signers: signersFor('root', keys, published), now };
    await writeRole(repo, 'root', root);
  }
  if (edition !== null) await writeEdition(repo, published, edition);
}

/** When each role's published signature ends (UTC), for the doctor. */
export async function readExpiries(repo: string): Promise<Readonly<Record<KeyRole, string>>> {
  const { root, targets, channels, snapshot, timestamp } = await readPublished(repo);
  return {
    root: root.expires,
    targets: targets.expires,
    channels: channels.expires,
    snapshot: snapshot.expires,
    timestamp: timestamp.expires,
  };
}

/** Writes the changed roles, a snapshot that lists them, and last the timestamp. */
export async function writeEdition(repo: string, published: Published | null, { bodies, signers, now }: Edition): Promise<void> {
  const metas = new Map(published?.snapshot.meta);
  for (const role of ['channels', 'targets'] as const) {
    const body = bodies[role];
    if (body !== undefined) metas.set(`${role}.json`, await writeRole(repo, role, { body, signers: signers[role], now }));
  }
  const body = { meta: Object.fromEntries(metas) };
  const meta = await writeRole(repo, 'snapshot', { body, signers: signers.snapshot, now });
  await writeStamp(repo, published, { meta, signers: signers.timestamp, now });
}

/** Writes the next version of a role and returns what another role says about it. */
export async function writeRole(
  repo: string,
  role: Exclude<KeyRole, 'timestamp'>,
  { body, signers, now }: { readonly body: object; readonly signers: readonly Signer[]; readonly now: Date },
): Promise<Meta> {
  const version = (await highestVersion(repo, role)) + 1;
  const bytes = signMetadata(signedPart(role, version, { now, ...body }), signers);
  await writeMetadata(repo, { role, version }, bytes);
  return { version, length: bytes.length, hashes: { sha256: sha256Hex(bytes) } };
}

/** Signs the next timestamp, which makes everything that was written before public. */
export async function writeStamp(
  repo: string,
  published: Published | null,
  { meta, signers, now }: { readonly meta: Meta; readonly signers: readonly Signer[]; readonly now: Date },
): Promise<void> {
  const version = (published?.timestamp.version ?? 0) + 1;
  await writeTimestamp(repo, signMetadata(signedPart('timestamp', version, { now, meta: { 'snapshot.json': meta } }), signers));
}

/** Asks only for the keys of roles that are signed this time. */
function editionSigners(keys: Keys, published: Published, bodies: Edition['bodies']): Edition['signers'] {
  return {
    targets: bodies.targets === undefined ? [] : signersFor('targets', keys, published),
    channels: bodies.channels === undefined ? [] : signersFor('channels', keys, published),
    snapshot: signersFor('snapshot', keys, published),
    timestamp: signersFor('timestamp', keys, published),
  };
}

async function bodyWith(repo: string, before: Published['targets'], files: Files): Promise<object> {
  const targets = new Map<string, Target>(before.targets);
  for (const [name, bytes] of Object.entries(files)) targets.set(name, await writeTarget(repo, name, bytes));
  return targetsBody({ ...before, targets });
}
