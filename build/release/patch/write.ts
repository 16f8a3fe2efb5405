/** Putting a DGMO_PATCH_V1 file together; its layout is described where it is read (patches/container.ts). */
import { createHash, hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { moveEntry } from '../../../src/updater/disk/atomic.ts';
import { sha256Hex, treeDigest } from '../../../src/updater/disk/hash.ts';
import { canonicalJson } from '../../../src/updater/disk/json.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { parsePatchHeader, patchLimits, type PatchEntry, type PatchHeader } from '../../../src/updater/model/patch.ts';
import { comparePaths, emptyTree } from '../../../src/updater/model/tree.ts';
import { requireConsistent } from '../../../src/updater/patches/consistent.ts';
import { magic, signatureBytes } from '../../../src/updater/patches/container.ts';
import { compressFrame, shippedLevel } from './carry/compress.ts';
import type { VersionFolder } from './make.ts';
import type { PackedFrame } from './carry/pack.ts';

/** Who signs: Ed25519 over a SHA-256 digest, or nobody, which leaves zeros. */
export interface Signing {
  readonly keyId: string;
  readonly sign: ((digest: Uint8Array) => Uint8Array) | null;
}

/** What a manifest says about a patch file; the header's size and digest take in the signature. */
export interface MadePatch {
  readonly size: number;
  readonly sha256: string;
  readonly headerSize: number;
  readonly headerSha256: string;
}

interface Output extends Signing {
  readonly old: VersionFolder | null;
  readonly new: VersionFolder;
  readonly out: string;
}

/** Writes header, signature and frames beside `out`, syncs and renames: atomic. What a reader would refuse is not written but thrown. */
export async function writePatch(output: Output, entries: readonly PatchEntry[], frames: readonly PackedFrame[]): Promise<MadePatch> {
  const header = headerOf(output, entries, frames);
  requireConsistent(parsePatchHeader(header));
  const head = signedHead(await packHeader(header), output);
  const whole = createHash('sha256');
  const beside = `${output.out}.new`;
  await using file = await open(beside, 'w');
  for (const bytes of [head, ...frames.map((frame) => frame.bytes)]) {
    await file.writeFile(bytes);
    whole.update(bytes);
  }
  await file.sync();
  await moveEntry(beside, output.out);
  return {
    size: head.length + header.bodySize,
    sha256: whole.digest('hex'),
    headerSize: head.length,
    headerSha256: sha256Hex(head),
  };
}

function headerOf(output: Output, entries: readonly PatchEntry[], frames: readonly PackedFrame[]): PatchHeader {
  const body = createHash('sha256');
  for (const { bytes } of frames) body.update(bytes);
  return {
    keyId: output.keyId,
    fromVersion: output.old?.version ?? null,
    toVersion: output.new.version,
    fromChecksum: treeDigest(output.old?.tree ?? emptyTree),
    toChecksum: treeDigest(output.new.tree),
    compression: 'zstd',
    frames: frames.map(({ frame }) => frame),
    entries: [...entries],
    links: output.new.tree.links.toSorted((a, b) => comparePaths(a.path, b.path)),
    bodySize: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
    patchChecksum: body.digest('hex'),
  };
}

/** Magic, the two lengths and the header's frame: what is signed. */
async function packHeader(header: PatchHeader): Promise<Buffer> {
  const plain = Buffer.from(canonicalJson(header));
  if (plain.length > patchLimits.headerBytes) throw new Failed('build/invalid', 'the tree is too large for the header of a patch');
  const frame = await compressFrame(plain, shippedLevel);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(frame.length, 0);
  lengths.writeUInt32LE(plain.length, 4);
  return Buffer.concat([magic, lengths, frame]);
}

function signedHead(signed: Buffer, { sign }: Signing): Buffer {
  const signature = sign === null ? Buffer.alloc(signatureBytes) : Buffer.from(sign(hash('sha256', signed, 'buffer')));
  if (signature.length !== signatureBytes) throw new Failed('build/invalid', `a signature of ${signature.length} bytes`);
  return Buffer.concat([signed, signature]);
}
