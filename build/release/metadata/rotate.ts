/** Exchanging the keys of a role. */
import { Failed } from '../../../src/updater/model/failure.ts';
import { profiles, type KeyRole, type Keys, type Profile } from './keys.ts';
import { writeEdition, writeRole } from './publish.ts';
import { readPublished, type Published } from './repository.ts';
import { rootWith, signersFor, targetsBody, targetsWith } from './roles.ts';
import type { Signer } from './sign.ts';

/** The role, its new signers, and the time; `profile` changes how many root keys there are and how many of them must sign. */
export interface Rotation {
  readonly role: KeyRole;
  readonly signers: readonly Signer[];
  readonly now: Date;
  readonly profile?: Profile;
}

/**
 * Makes `signers` the only keys of a role. What the role signed is published first, signed by old and new keys together, and the
 * root that forgets the old ones after it, so that no client ever meets one without the other. Throws `usage/wrong`.
 */
export async function rotateKeys(repo: string, keys: Keys, rotation: Rotation): Promise<void> {
  const published = await readPublished(repo);
  if (rotation.signers.length === 0) throw new Failed('usage/wrong', 'a role needs at least one key');
  if (rotation.role === 'root') return rotateRoot(repo, keys, { published, ...rotation });
  if (rotation.role === 'channels') return rotateChannels(repo, keys, { published, ...rotation });
  const rootSigners = signersFor('root', keys, published);
  const both = { ...keys, [rotation.role]: [...keys[rotation.role], ...rotation.signers] };
  const bodies = rotation.role === 'targets' ? { targets: targetsBody(published.targets) } : {};
  await writeEdition(repo, published, { bodies, signers: both, now: rotation.now });
  const body = rootWith(published.root, { role: rotation.role, signers: rotation.signers, threshold: null });
  await writeRole(repo, 'root', { body, signers: rootSigners, now: rotation.now });
}

interface Rotating extends Rotation {
  readonly published: Published;
}

/** TUF 6.1: a new root is signed by the keys that it replaces and by its own. */
async function rotateRoot(repo: string, keys: Keys, { published, signers, now, profile }: Rotating): Promise<void> {
  const { keyids, threshold } = published.root.roles.root;
  const wanted = profile === undefined ? { keys: keyids.length, threshold } : profiles[profile];
  if (signers.length !== wanted.keys) {
    throw new Failed(
      'usage/wrong',
      `this repository ${profile === undefined ? 'has' : 'is to have'} ${wanted.keys} root keys, not ${signers.length}`,
    );
  }
  const body = rootWith(published.root, { role: 'root', signers, threshold: wanted.threshold });
  await writeRole(repo, 'root', { body, signers: [...signersFor('root', keys, published), ...signers], now });
}

async function rotateChannels(repo: string, keys: Keys, { published, signers, now }: Rotating): Promise<void> {
  signersFor('targets', keys, published);
  const bodies = { targets: targetsWith(published.targets, signers), channels: targetsBody(published.channels) };
  await writeEdition(repo, published, { bodies, signers: { ...keys, channels: signers }, now });
}
