/** The single checks of TUF's section 5, each of which either returns or throws. */
import { createHash } from 'node:crypto';
import { Failed } from '../model/failure.ts';
import type { Meta } from './metadata.ts';

/** Throws `check/untrusted` when a file has another length or hash than is signed elsewhere, where that says so. */
export function requireMatch(name: string, bytes: Uint8Array, expected: Pick<Meta, 'length' | 'hashes'>): void {
  if (expected.length !== undefined && expected.length !== bytes.length) {
    throw new Failed('check/untrusted', `${name} has ${bytes.length} bytes instead of ${expected.length}`);
  }
  for (const algorithm of hashAlgorithms) {
    const digest = expected.hashes?.[algorithm];
    if (digest === undefined || digest === createHash(algorithm).update(bytes).digest('hex')) continue;
    throw new Failed('check/untrusted', `${name} has another ${algorithm} than is signed`);
  }
}

/** The digest that stands before a target's name in a repository with consistent snapshots; throws `check/untrusted` when there is none that we can check. */
export function targetDigest(name: string, hashes: Readonly<Record<string, string>>): string {
  const algorithm = hashAlgorithms.find((known) => Object.hasOwn(hashes, known));
  const digest = algorithm === undefined ? undefined : hashes[algorithm];
  if (digest === undefined) throw new Failed('check/untrusted', `${name} is signed without SHA-256 or SHA-512`);
  return digest;
}

/** Throws `check/untrusted` when something newer was believed before. */
export function requireNotOlder(name: string, before: number, now: number): void {
  if (now < before) throw new Failed('check/untrusted', `${name} goes back from version ${before} to ${now === 0 ? 'none' : now}`);
}

/** Throws `check/untrusted` when a file has another version than the file that names it says. */
export function requireVersion(name: string, version: number, expected: number): void {
  if (version !== expected) throw new Failed('check/untrusted', `${name} has version ${version} instead of ${expected}`);
}

/** Throws `check/stale` from the very second of `expires` (UTC) on; never when `now` is null. */
export function requireFresh(name: string, expires: string, now: Date | null): void {
  if (now !== null && Date.parse(expires) <= now.getTime()) throw new Failed('check/stale', `${name} is stale since ${expires}`);
}

/** What a check that may fail returns, or null: for stored files, which count as absent when they are no longer right. */
export function orNull<Result>(check: () => Result): Result | null {
  try {
    return check();
  } catch (error) {
    if (error instanceof Failed) return null;
    throw error;
  }
}

const hashAlgorithms = ['sha256', 'sha512'] as const;
