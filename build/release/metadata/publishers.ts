/**
 * Publishers of evolutions: one terminating role each, `evolutions-<name>` for `evolutions/<name>/*`, which the targets role adds and revokes.
 *
 * A publisher signs its own role with its own key; that it is the newest is what the online keys say, as of everything else. Of a
 * revoked one nothing is believed from the next check on, though the snapshot goes on listing its file: clients refuse a snapshot
 * that forgets one.
 */
import { join } from 'node:path';
import { readBounded } from '../../../src/updater/disk/atomic.ts';
import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { parseTargets, trustLimits, type Target } from '../../../src/updater/trust/metadata.ts';
import type { Keys } from './keys.ts';
import { writeEdition, writeRole, writeStamp, type Files } from './publish.ts';
import { highestVersion, readPublished, writeMetadata, writeTarget, type Published } from './repository.ts';
import { publisherRole, signedPart, signersFor, targetsWithoutPublisher, targetsWithPublisher } from './roles.ts';
import { signMetadata, type PublicKey, type Signer } from './sign.ts';

/** Lets somebody publish evolutions below `evolutions/<name>/`, or exchanges their keys. Throws `usage/wrong` without the targets key. */
export async function addPublisher(
  repo: string,
  keys: Keys,
  { name, publicKeys, now }: { readonly name: string; readonly publicKeys: readonly PublicKey[]; readonly now: Date },
): Promise<void> {
  const published = await readPublished(repo);
  if (publicKeys.length === 0) throw new Failed('usage/wrong', 'a publisher needs a key');
  await writeTargets(repo, keys, { published, body: targetsWithPublisher(published.targets, name, publicKeys), now });
}

/** Takes that back: from the next check on nothing of theirs is believed. Throws `usage/wrong` without the targets key, or when there is no such publisher. */
export async function revokePublisher(
  repo: string,
  keys: Keys,
  { name, now }: { readonly name: string; readonly now: Date },
): Promise<void> {
  const published = await readPublished(repo);
  if (!(await listPublishers(repo)).some((each) => each.name === name)) throw new Failed('usage/wrong', `there is no publisher ${name}`);
  await writeTargets(repo, keys, { published, body: targetsWithoutPublisher(published.targets, name), now });
}

/** Everybody who may publish evolutions, with the ids of their keys. */
export async function listPublishers(repo: string): Promise<readonly { readonly name: string; readonly keyids: readonly string[] }[]> {
  const { targets } = await readPublished(repo);
  const prefix = publisherRole('');
  const roles = (targets.delegations?.roles ?? []).filter(({ name }) => name.startsWith(prefix));
  return roles.map(({ name, keyids }) => ({ name: name.slice(prefix.length), keyids }));
}

/** Publishes files below `evolutions/<name>/`, signed by that publisher, and lists them as the newest. Throws `usage/wrong` for another's folder or key. */
export async function publishAs(
  publisher: { readonly name: string; readonly signer: Signer },
  where: { readonly repo: string; readonly keys: Keys },
  { files, now }: { readonly files: Files; readonly now: Date },
): Promise<void> {
  const { name, signer } = publisher;
  const { repo, keys } = where;
  const published = await readPublished(repo);
  const known = (await listPublishers(repo)).find((each) => each.name === name);
  if (known?.keyids.includes(signer.id) !== true) throw new Failed('usage/wrong', `this key does not belong to a publisher ${name}`);
  const foreign = Object.keys(files).find((each) => !each.startsWith(`evolutions/${name}/`));
  if (foreign !== undefined) throw new Failed('usage/wrong', `${foreign} is not below evolutions/${name}/`);
  const [snapshot, timestamp] = [signersFor('snapshot', keys, published), signersFor('timestamp', keys, published)];
  const role = publisherRole(name);
  const targets = new Map(await targetsOf(repo, published, role));
  for (const [path, bytes] of Object.entries(files)) targets.set(path, await writeTarget(repo, path, bytes));
  const version = (await highestVersion(repo, role)) + 1;
  const bytes = signMetadata(signedPart('publisher', version, { now, targets: Object.fromEntries(targets) }), [signer]);
  await writeMetadata(repo, { role, version }, bytes);
  const meta = new Map(published.snapshot.meta).set(`${role}.json`, {
    version,
    length: bytes.length,
    hashes: { sha256: sha256Hex(bytes) },
  });
  const listed = await writeRole(repo, 'snapshot', { body: { meta: Object.fromEntries(meta) }, signers: snapshot, now });
  await writeStamp(repo, published, { meta: listed, signers: timestamp, now });
}

async function targetsOf(repo: string, { snapshot }: Published, role: string): Promise<ReadonlyMap<string, Target>> {
  const version = snapshot.meta.get(`${role}.json`)?.version;
  if (version === undefined) return new Map();
  const bytes = await readBounded(join(repo, 'metadata', `${version}.${role}.json`), trustLimits.targets);
  if (bytes === null) throw new Failed('state/damaged', `the metadata of ${role} is missing`);
  return parseTargets(bytes).body.targets;
}

async function writeTargets(
  repo: string,
  keys: Keys,
  { published, body, now }: { readonly published: Published; readonly body: object; readonly now: Date },
): Promise<void> {
  const [targets, snapshot, timestamp] = (['targets', 'snapshot', 'timestamp'] as const).map((role) => signersFor(role, keys, published));
  const signers = { targets: targets ?? [], channels: [], snapshot: snapshot ?? [], timestamp: timestamp ?? [] };
  await writeEdition(repo, published, { bodies: { targets: body }, signers, now });
}
