/** Keys that only the conformance suite uses: RSA and ECDSA beside our own Ed25519. Never imported by the product. */
import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { Key } from '../../src/updater/trust/metadata.ts';
import { readEd25519, type VerifyingKey } from '../../src/updater/trust/signature.ts';

/** A key of any kind that the suite knows, or null. */
export function readAnyKey(key: Key): VerifyingKey | null {
  if (key.keytype === 'ed25519') return readEd25519(key);
  const scheme = schemes[key.scheme];
  const publicKey = scheme?.types.includes(key.keytype) === true ? publicKeyOf(key) : null;
  if (scheme === undefined || publicKey === null || publicKey.asymmetricKeyType !== scheme.kind) return null;
  return {
    identity: publicKey.export({ format: 'der', type: 'spki' }).toString('hex'),
    verify: (message, signature) => verifies(scheme, { message, signature, publicKey }),
  };
}

interface Scheme {
  readonly types: readonly string[];
  readonly kind: 'rsa' | 'ec';
  readonly hash: string;
  readonly options: { readonly padding?: number };
}

const ecTypes = ['ecdsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384'];
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING };
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };

const schemes: Readonly<Record<string, Scheme | undefined>> = {
  'rsassa-pss-sha256': { types: ['rsa'], kind: 'rsa', hash: 'sha256', options: pss },
  'rsassa-pss-sha384': { types: ['rsa'], kind: 'rsa', hash: 'sha384', options: pss },
  'rsassa-pss-sha512': { types: ['rsa'], kind: 'rsa', hash: 'sha512', options: pss },
  'rsa-pkcs1v15-sha256': { types: ['rsa'], kind: 'rsa', hash: 'sha256', options: pkcs1 },
  'ecdsa-sha2-nistp256': { types: ecTypes, kind: 'ec', hash: 'sha256', options: {} },
  'ecdsa-sha2-nistp384': { types: ecTypes, kind: 'ec', hash: 'sha384', options: {} },
};

function publicKeyOf(key: Key): KeyObject | null {
  try {
    return createPublicKey(key.keyval.public);
  } catch {
    // A key that Node cannot read is a key that does not vote.
    return null;
  }
}

function verifies(scheme: Scheme, on: { message: Uint8Array; signature: Uint8Array; publicKey: KeyObject }): boolean {
  try {
    return verify(scheme.hash, on.message, { key: on.publicKey, ...scheme.options }, on.signature);
  } catch {
    // A signature in a form that Node refuses to look at is an invalid one.
    return false;
  }
}
