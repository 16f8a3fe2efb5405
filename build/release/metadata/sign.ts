/** Signing TUF metadata: Ed25519 over OLPC canonical JSON, signatures sorted by key id so that equal input gives equal bytes. */
import nacl from 'tweetnacl';
import { sha256Hex } from '../../../src/updater/disk/hash.ts';
import { canonicalJson } from '../../../src/updater/disk/json.ts';
import { canonicalBytes } from '../../../src/updater/trust/metadata.ts';

/** A public key as TUF writes it (4.2). */
export interface PublicKey {
  readonly keytype: 'ed25519';
  readonly scheme: 'ed25519';
  readonly keyval: { readonly public: string };
}

/** A private key at work; `id` is the SHA-256 of the canonical public key (TUF 4.2). `sign` returns 64 bytes. */
export interface Signer {
  readonly id: string;
  readonly key: PublicKey;
  sign(message: Uint8Array): Uint8Array;
}

/** The signer for a private key's seed of 32 bytes. */
export function signerOf(seed: Uint8Array): Signer {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: Buffer.from(publicKey).toString('hex') } } as const;
  return { id: keyId(key), key, sign: (message) => nacl.sign.detached(message, secretKey) };
}

/** The id under which a public key stands in metadata. */
export function keyId(key: PublicKey): string {
  return sha256Hex(canonicalBytes(key));
}

/** The bytes of a metadata file: `signed` as one line of canonical JSON, signed by all of `signers`. */
export function signMetadata(signed: object, signers: readonly Signer[]): Buffer {
  const message = canonicalBytes(signed);
  const signatures = [...new Map(signers.map((signer) => [signer.id, signer])).values()]
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((signer) => ({ keyid: signer.id, sig: Buffer.from(signer.sign(message)).toString('hex') }));
  return Buffer.from(`${canonicalJson({ signatures, signed })}\n`);
}
