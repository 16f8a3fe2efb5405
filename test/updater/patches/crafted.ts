import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { constants, zstdCompressSync } from 'node:zlib';
import { treeDigest } from '../../../src/updater/disk/hash.ts';
import { canonicalJson } from '../../../src/updater/disk/json.ts';
import type { PatchEntry, PatchForm, PatchFrame, PatchHeader, PatchStream } from '../../../src/updater/model/patch.ts';
import { emptyTree, type Tree, type TreeFile } from '../../../src/updater/model/tree.ts';
import { magic } from '../../../src/updater/patches/container.ts';

/** A file of a patch that is written by hand: the columns of its form, each cut into streams, and what it should become. */
export interface Crafted {
  readonly form: PatchForm;
  readonly columns: readonly (readonly Buffer[])[];
  readonly before: Buffer;
  readonly after: Buffer;
}

/** A zstd frame, quickly made, that declares its size. */
export function frameOf(plain: Buffer): Buffer {
  return zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, pledgedSrcSize: plain.length });
}

export function fileOf(path: string, bytes: Buffer): TreeFile {
  return { path, size: bytes.length, sha256: hash('sha256', bytes), mode: 'file', part: 'app' };
}

export function treeOf(...files: TreeFile[]): Tree {
  return { files, links: [] };
}

/** The header and frames of a patch that turns one file, `f`, into another; every stream has a frame of its own. */
export function craft({ form, columns, before, after }: Crafted): { header: PatchHeader; frames: readonly Buffer[] } {
  const rows = Math.max(0, ...columns.map((column) => column.length));
  const frames: Buffer[] = [];
  const streams: PatchStream[] = [];
  const listed: PatchFrame[] = [];
  for (let row = 0; row < rows; row += 1)
    for (const column of columns) {
      const plain = column[row] ?? Buffer.alloc(0);
      streams.push({ frame: plain.length === 0 ? 0 : frames.length, offset: 0, length: plain.length });
      if (plain.length === 0) continue;
      const bytes = frameOf(plain);
      const offset = frames.reduce((sum, { length }) => sum + length, 0);
      listed.push({ offset, size: bytes.length, plainSize: plain.length, sha256: hash('sha256', bytes) });
      frames.push(bytes);
    }
  const [old, next] = [fileOf('f', before), fileOf('f', after)];
  const result = { path: 'f', sha256To: next.sha256, size: next.size, mode: next.mode, part: next.part, streams };
  const entry: PatchEntry =
    form === 'whole' ? { op: 'add', form, ...result } : { op: 'patch', from: 'f', sha256From: old.sha256, form, ...result };
  const header: PatchHeader = {
    keyId: 'none',
    fromVersion: form === 'whole' ? null : '1.0.0',
    toVersion: '1.1.0',
    fromChecksum: treeDigest(form === 'whole' ? emptyTree : treeOf(old)),
    toChecksum: treeDigest(treeOf(next)),
    compression: 'zstd',
    frames: listed,
    entries: [entry],
    links: [],
    bodySize: frames.reduce((sum, { length }) => sum + length, 0),
    patchChecksum: hash('sha256', Buffer.concat(frames)),
  };
  return { header, frames };
}

/** A whole unsigned patch file; `header` may be anything that JSON can say. */
export function containerOf(header: unknown, frames: readonly Buffer[], sign: (signed: Buffer) => Buffer = () => Buffer.alloc(64)): Buffer {
  const plain = Buffer.from(canonicalJson(header));
  return containerAround(frameOf(plain), plain.length, { frames, sign });
}

/** The same, around a header frame that may be wrong in itself. */
export function containerAround(
  frame: Buffer,
  plainSize: number,
  { frames, sign }: { frames: readonly Buffer[]; sign: (signed: Buffer) => Buffer },
): Buffer {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(frame.length, 0);
  lengths.writeUInt32LE(plainSize, 4);
  const signed = Buffer.concat([magic, lengths, frame]);
  return Buffer.concat([signed, sign(signed), ...frames]);
}

/** Zigzag varints, as the columns hold them. */
export function signedNumbers(...values: readonly number[]): Buffer {
  return numbers(...values.map((value) => (value < 0 ? -2 * value - 1 : 2 * value)));
}

/** Varints. */
export function numbers(...values: readonly number[]): Buffer {
  const bytes: number[] = [];
  for (let value of values) {
    for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
    bytes.push(value);
  }
  return Buffer.from(bytes);
}

/** Writes bytes to a file and returns its path. */
export async function written(path: string, bytes: Buffer): Promise<string> {
  await writeFile(path, bytes);
  return path;
}
