/** What stands in each role's metadata when we write it (TUF section 4). */
import { Failed } from '../../../src/updater/model/failure.ts';
import { timeText } from '../../../src/updater/model/parse.ts';
import type { Key, Role, Root, Targets } from '../../../src/updater/trust/metadata.ts';
import type { Delegator } from '../../../src/updater/trust/signature.ts';
import { profiles, type KeyRole, type Keys } from './keys.ts';
import type { Published } from './repository.ts';
import { keyId, type PublicKey, type Signer } from './sign.ts';

/** How long each role's signature is good for, in days. */
const validDays = { root: 3 * 365, targets: 365, channels: 30, snapshot: 30, timestamp: 7, publisher: 365 } as const satisfies Record<
  KeyRole | 'publisher',
  number
>;

/** A complete `signed` part around a role's own fields; `moult_signed_at` is the floor under a client's clock. Publishers' roles are good for as long as the targets role. */
export function signedPart(
  role: KeyRole | 'publisher',
  version: number,
  { now, ...body }: { readonly now: Date; readonly meta?: object; readonly targets?: object },
): object {
  const expires = timeText(new Date(now.getTime() + validDays[role] * 24 * 3_600_000));
  const type = role === 'channels' || role === 'publisher' ? 'targets' : role;
  return { _type: type, spec_version: '1.0.33', version, expires, moult_signed_at: timeText(now), ...body };
}

/** The root's own fields for a new repository; throws `usage/wrong` unless all the root keys of a profile are there. */
export function firstRoot(keys: Keys): object {
  const profile = Object.values(profiles).find((known) => known.keys === keys.root.length);
  if (profile === undefined) throw new Failed('usage/wrong', 'a new repository needs all its root keys: two (solo) or three (team)');
  const roles = {
    root: { ...roleOf(keys.root), threshold: profile.threshold },
    targets: roleOf(keys.targets),
    snapshot: roleOf(keys.snapshot),
    timestamp: roleOf(keys.timestamp),
  };
  const named = keyTexts([...keys.root, ...keys.targets, ...keys.snapshot, ...keys.timestamp]);
  return { consistent_snapshot: true, keys: named, roles };
}

/** The targets role's own fields for a new repository: nothing yet, and offers delegated to the online key. */
export function firstTargets(keys: Keys): object {
  const channels = { name: 'channels', ...roleOf(keys.channels), terminating: true, paths: ['offers/*/*'] };
  return { targets: {}, delegations: { keys: keyTexts(keys.channels), roles: [channels] } };
}

/** The root's own fields, as they are. */
export function rootBody({ consistent_snapshot, keys, roles }: Root): object {
  return { consistent_snapshot, keys: Object.fromEntries(keys), roles };
}

/** The keys that a role is to have, and how many of them must sign (null: as many as now). */
interface Exchange {
  readonly role: keyof Root['roles'];
  readonly signers: readonly Signer[];
  readonly threshold: number | null;
}

/** The root's own fields with the keys of one role replaced; keys that no role uses any more are left out. */
export function rootWith(root: Root, { role, signers, threshold }: Exchange): object {
  const changed = { threshold: threshold ?? root.roles[role].threshold, keyids: signers.map(({ id }) => id) };
  const roles = { ...root.roles, [role]: changed };
  return { consistent_snapshot: root.consistent_snapshot, roles, keys: keptKeys(root.keys, signers, Object.values(roles)) };
}

/** The targets role's own fields, as they are. */
export function targetsBody({ targets, delegations }: Targets): object {
  const files = { targets: Object.fromEntries(targets) };
  return delegations === undefined
    ? files
    : { ...files, delegations: { keys: Object.fromEntries(delegations.keys), roles: delegations.roles } };
}

/** The targets role's own fields with the keys of the channels role replaced. */
export function targetsWith({ targets, delegations }: Targets, signers: readonly Signer[]): object {
  const keyids = signers.map(({ id }) => id);
  const roles = (delegations?.roles ?? []).map((role) => (role.name === 'channels' ? { ...role, keyids } : role));
  const keys = keptKeys(delegations?.keys ?? new Map<string, Key>(), signers, roles);
  return { targets: Object.fromEntries(targets), delegations: { keys, roles } };
}

/** The targets role's own fields with one evolution publisher more, or other keys for one that is there: it alone speaks for its folder. */
export function targetsWithPublisher({ targets, delegations }: Targets, name: string, keys: readonly PublicKey[]): object {
  const role = { name: publisherRole(name), keyids: keys.map(keyId), threshold: 1, terminating: true, paths: [`evolutions/${name}/*`] };
  const roles = [...(delegations?.roles ?? []).filter((each) => each.name !== role.name), role];
  const fresh = keys.map((key) => ({ id: keyId(key), key }));
  return { targets: Object.fromEntries(targets), delegations: { keys: keptKeys(delegations?.keys ?? new Map(), fresh, roles), roles } };
}

/** The targets role's own fields without one evolution publisher. */
export function targetsWithoutPublisher({ targets, delegations }: Targets, name: string): object {
  const roles = (delegations?.roles ?? []).filter((each) => each.name !== publisherRole(name));
  return { targets: Object.fromEntries(targets), delegations: { keys: keptKeys(delegations?.keys ?? new Map(), [], roles), roles } };
}

/** The name of the role that speaks for a publisher's folder. */
export function publisherRole(publisher: string): string {
  return `evolutions-${publisher}`;
}

/** The signers of a role that are at hand; throws `usage/wrong` when they are too few for what is published to accept them. */
export function signersFor(role: KeyRole, keys: Keys, published: Published): readonly Signer[] {
  const { keyids, threshold } = delegatorOf(role, published).role;
  const signers = keys[role].filter(({ id }) => keyids.includes(id));
  if (signers.length >= threshold) return signers;
  throw new Failed('usage/wrong', `${role} needs ${threshold} of its keys to sign, and ${signers.length} of them are here`);
}

function delegatorOf(role: KeyRole, { root, targets }: Published): Delegator {
  if (role !== 'channels') return { name: role, keys: root.keys, role: root.roles[role] };
  const delegation = targets.delegations?.roles.find(({ name }) => name === 'channels');
  if (targets.delegations === undefined || delegation === undefined)
    throw new Failed('state/damaged', 'the targets role delegates no channels');
  return { name: role, keys: targets.delegations.keys, role: delegation };
}

function roleOf(signers: readonly Signer[]): Role {
  if (signers.length === 0) throw new Failed('usage/wrong', 'a new repository needs a key for every role');
  return { keyids: signers.map(({ id }) => id), threshold: 1 };
}

function keyTexts(signers: readonly Pick<Signer, 'id' | 'key'>[]): Readonly<Record<string, Key>> {
  return Object.fromEntries(signers.map(({ id, key }) => [id, key]));
}

function keptKeys(
  before: ReadonlyMap<string, Key>,
  fresh: readonly Pick<Signer, 'id' | 'key'>[],
  roles: readonly Role[],
): Readonly<Record<string, Key>> {
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  return Object.fromEntries([...before, ...Object.entries(keyTexts(fresh))].filter(([id]) => used.has(id)));
}
