/**
 * DGMO_PATCH_V1: one file that turns one tree into another. Clients in the field read it for years: this layout is frozen.
 *
 *     magic      "DGMO_PATCH_V1\n"
 *     header     frameSize u32 LE, plainSize u32 LE (at most 64 MiB), one zstd frame of canonical JSON (model/patch.ts)
 *     signature  64 bytes: Ed25519 over the SHA-256 of everything before it; zeros when unsigned
 *     body       the frames that the header lists, back to back; their offsets count from here
 *
 * What `readHeader` returns is signed or vouched for, has the right shapes, and its sizes add up (consistent.ts).
 */
import { createPublicKey, hash, verify } from 'node:crypto';
import { parseJson } from '../disk/json.ts';
import { Failed } from '../model/failure.ts';
import { parsePatchHeader, patchLimits, type BuiltEntry, type PatchFrame, type PatchHeader, type PatchStream } from '../model/patch.ts';
import type { Tree, TreeFile } from '../model/tree.ts';
import { distinctResults, requireConsistent } from './consistent.ts';
import type { PlacedStream } from './forms/column.ts';
import { decompressFrame } from './frame.ts';

/** A patch whose header was read: the body begins `headerSize` bytes into the file. */
export interface PatchFile {
  readonly header: PatchHeader;
  readonly headerSize: number;
}

/** A range of the patch file that has to be there; offsets count from the beginning of the file. */
export type NeededRange = Pick<PatchFrame, 'offset' | 'size' | 'sha256'>;

/**
 * Who answers for a patch: the digest of its header from a signed manifest, known public keys (32 bytes each, by key id), or,
 * for files on the command line only, nobody.
 */
export interface Vouchers {
  readonly headerSha256?: string;
  readonly keys?: ReadonlyMap<string, Uint8Array>;
  readonly allowUnsigned?: boolean;
}

export const magic = Buffer.from('DGMO_PATCH_V1\n', 'latin1');
export const fixedBytes = magic.length + 8;
export const signatureBytes = 64;

/** Returns the header at the beginning of `bytes` (more may follow); throws `build/invalid` unless everything about it is right. */
export function readHeader(bytes: Uint8Array, expect: Vouchers): PatchFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { frameSize, plainSize, headerSize } = readLengths(file);
  if (file.length < headerSize) throw new Failed('build/invalid', 'the patch ends within its header');
  if (expect.headerSha256 !== undefined && hash('sha256', file.subarray(0, headerSize)) !== expect.headerSha256)
    throw new Failed('build/invalid', 'the patch header is not the one that the release names');
  const frame = file.subarray(fixedBytes, fixedBytes + frameSize);
  const header = parsePatchHeader(parseJson(decompressFrame(frame, plainSize), { maxBytes: patchLimits.headerBytes }, 'build/invalid'));
  requireSigned(file.subarray(0, headerSize), header.keyId, expect);
  requireConsistent(header);
  return { header, headerSize };
}

/** Returns the ranges of the patch file that hold what `have` does not have, by content and in order: what must be fetched. */
export function framesNeeded(patch: PatchFile, have: Tree | null): readonly NeededRange[] {
  const contents = contentsOf(have);
  const entries = distinctResults(patch.header.entries).filter((entry) => !contents.has(entry.sha256To));
  return placedFrames(patch, entries);
}

/** The frames of these entries in the order of the file, each once, with offsets from the file's beginning. */
export function placedFrames({ header, headerSize }: PatchFile, entries: readonly BuiltEntry[]): readonly PatchFrame[] {
  const indexes = new Set(entries.flatMap((entry) => entry.streams.filter(({ length }) => length > 0).map(({ frame }) => frame)));
  return header.frames.filter((_, i) => indexes.has(i)).map((frame) => ({ ...frame, offset: headerSize + frame.offset }));
}

/** Where a stream of an entry lies in the patch file. Throws `build/invalid` for one that lies in no frame. */
export function placedStream({ frame, offset, length }: PatchStream, { header, headerSize }: PatchFile): PlacedStream {
  const found = header.frames[frame];
  if (found === undefined) throw new Failed('build/invalid', 'a stream lies in no frame');
  return { frame: { ...found, offset: headerSize + found.offset }, offset, length };
}

/** The files of a tree by the SHA-256 of what is in them. */
export function contentsOf(tree: Tree | null): ReadonlyMap<string, TreeFile> {
  return new Map((tree?.files ?? []).map((file) => [file.sha256, file]));
}

/** How many bytes from the beginning of the file the header takes; needs `fixedBytes` bytes; throws `build/invalid`. */
export function readHeaderSize(start: Uint8Array): number {
  return readLengths(Buffer.from(start.buffer, start.byteOffset, start.byteLength)).headerSize;
}

function readLengths(file: Buffer): { frameSize: number; plainSize: number; headerSize: number } {
  if (file.length < fixedBytes) throw new Failed('build/invalid', 'too short for a patch');
  if (!file.subarray(0, magic.length).equals(magic)) throw new Failed('build/invalid', 'this is not a DGMO_PATCH_V1 file');
  const frameSize = file.readUInt32LE(magic.length);
  const plainSize = file.readUInt32LE(magic.length + 4);
  if (Math.max(frameSize, plainSize) > patchLimits.headerBytes) throw new Failed('build/invalid', 'the patch header is over its limit');
  return { frameSize, plainSize, headerSize: fixedBytes + frameSize + signatureBytes };
}

/** An unknown key is accepted only when the manifest named this very header; zeros only where nobody has to answer for the file. */
function requireSigned(head: Buffer, keyId: string, expect: Vouchers): void {
  if (expect.allowUnsigned === true) return;
  const signature = head.subarray(head.length - signatureBytes);
  if (signature.every((byte) => byte === 0)) throw new Failed('build/invalid', 'the patch is not signed');
  const publicKey = expect.keys?.get(keyId);
  if (publicKey === undefined) {
    if (expect.headerSha256 === undefined) throw new Failed('build/invalid', 'the patch is signed by an unknown key');
    return;
  }
  const digest = hash('sha256', head.subarray(0, head.length - signatureBytes), 'buffer');
  if (!isSignature(signature, digest, publicKey)) throw new Failed('build/invalid', 'the signature of the patch is wrong');
}

function isSignature(signature: Buffer, digest: Buffer, publicKey: Uint8Array): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' });
  return verify(null, digest, key, signature);
}
