/** Who signed what: Ed25519 as strictly as RFC 8032 allows, and the counting of votes. */
import nacl from 'tweetnacl';
import { Failed } from '../model/failure.ts';
import type { Key, Role, Signed } from './metadata.ts';

/** A public key at work. `identity` is the same for the same key, however it was written down. */
export interface VerifyingKey {
  readonly identity: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Turns a key of the metadata into something that verifies; null for a key that is of no use, whose votes then do not count. */
export type ReadKey = (key: Key) => VerifyingKey | null;

/** Whose word counts for a role of that name: `threshold` of `keyids`, found in `keys`. */
export interface Delegator {
  readonly name: string;
  readonly keys: ReadonlyMap<string, Key>;
  readonly role: Role;
}

/** Throws `check/untrusted` unless enough different keys signed. */
export function requireVotes(signed: Signed<unknown>, by: Delegator, readKey: ReadKey): void {
  const voters = new Set<string>();
  for (const id of by.role.keyids) {
    const key = by.keys.get(id);
    const signature = signed.signatures.get(id);
    if (key === undefined || signature === undefined) continue;
    const verifying = readKey(key);
    // One key under two ids has one vote, so the key itself is counted and not its id (TUF 4.2.1, acceptance S26).
    if (verifying !== null && !voters.has(verifying.identity) && verifying.verify(signed.message, signature))
      voters.add(verifying.identity);
  }
  if (voters.size >= by.role.threshold) return;
  throw new Failed('check/untrusted', `${by.name} is signed by ${voters.size} of the ${by.role.threshold} keys that it needs`);
}

/** The only kind of key that the product knows; others count as absent. */
export function readEd25519(key: Key): VerifyingKey | null {
  const publicKey = ed25519PublicKey(key);
  if (publicKey === null) return null;
  return {
    identity: `ed25519 ${publicKey.toString('hex')}`,
    verify: (message, signature) => verifyEd25519(publicKey, message, signature),
  };
}

/** The 32 bytes of an Ed25519 key of the metadata, or null when it is another kind of key or unsound. */
export function ed25519PublicKey(key: Key): Buffer | null {
  if (key.keytype !== 'ed25519' || key.scheme !== 'ed25519' || !/^[0-9a-f]{64}$/i.test(key.keyval.public)) return null;
  const publicKey = Buffer.from(key.keyval.public, 'hex');
  return isSoundKey(publicKey) ? publicKey : null;
}

/**
 * Whether `signature` is what the holder of `publicKey` made of `message` (RFC 8032, 5.1.7). Never throws: keys and
 * signatures of the wrong length, unsound keys and signatures with S + L instead of S are simply not valid.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isSoundKey(publicKey) || !isBelow(signature.subarray(32), order)) return false;
  return nacl.sign.detached.verify(message, signature, publicKey);
}

/** tweetnacl takes any 32 bytes; with a key of small order one signature fits every message. */
function isSoundKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = Uint8Array.from(publicKey);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isBelow(y, prime) && !smallOrder.has(Buffer.from(y).toString('hex'));
}

/** Compares little-endian numbers of 32 bytes. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(Uint8Array.from(a).toReversed(), Uint8Array.from(b).toReversed()) < 0;
}

/** 2^255 − 19, and the order of the base point, 2^252 + 27742317777372353535851937790883648493. */
const prime = Buffer.from(`ed${'ff'.repeat(30)}7f`, 'hex');
const order = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** The y coordinates of the eight points whose order divides eight; the sign of x does not matter. */
const smallOrder: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
