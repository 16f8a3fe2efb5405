/** A patch with every form, every kind of damage to it, and what becomes of it: for the tests, and for the long run of `npm run fuzz`. */
import assert from 'node:assert';
import { hash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scanTree } from '../../../src/updater/disk/scan.ts';
import { Failed } from '../../../src/updater/model/failure.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import type { PatchFrame, PatchHeader } from '../../../src/updater/model/patch.ts';
import { buildTree } from '../../../src/updater/patches/apply.ts';
import { readHeader, type PatchFile } from '../../../src/updater/patches/container.ts';
import { decompressFrame } from '../../../src/updater/patches/frame.ts';
import { containerOf, frameOf } from './crafted.ts';
import { edited, Random } from './random.ts';
import { quickPatch, writeTree, type Version } from './trees.ts';

/** The patch, and the trees that it leads from and to. */
export interface Subject {
  readonly old: Version;
  readonly next: Version;
  readonly patch: PatchFile;
  readonly bytes: Buffer;
}

/** A patch with every form, small enough that a thousand variants of it can be applied. */
export async function subjectIn(folder: string): Promise<Subject> {
  const random = new Random(77);
  const [binary, text] = [random.bytes(4000), random.text(60)];
  const changed = Buffer.from(binary);
  for (let i = 0; i < 3900; i += 40) changed.writeUInt32LE((changed.readUInt32LE(i) + 4096) >>> 0, i);
  const old = await writeTree(join(folder, 'old'), { binary, text, kept: Buffer.from('kept') });
  const next = await writeTree(join(folder, 'next'), {
    binary: changed,
    'a/text': edited(text, random),
    added: random.bytes(900),
    kept: Buffer.from('kept'),
  });
  return { old, next, ...(await quickPatch(join(folder, 'patch'), old, next)) };
}

/** What became of a patch file: refused with a code, or the right tree. Anything else that is thrown, or comes out, fails the test. */
export async function verdictOn(subject: Subject, bytes: Buffer, folder: string): Promise<string> {
  const body = join(folder, 'variant');
  const to = join(folder, 'to');
  try {
    const patch = readHeader(bytes, { allowUnsigned: true });
    await writeFile(body, bytes);
    await mkdir(to);
    await buildTree({ patch, body, old: subject.old, to, expected: subject.next.tree }, quietJob());
    assert.deepStrictEqual(await scanTree(to, quietJob()), subject.next.tree);
    return 'the right tree';
  } catch (error) {
    if (error instanceof Failed) return error.code;
    throw error;
  } finally {
    await rm(to, { recursive: true, force: true });
  }
}

/** The frames of a patch, plain. */
function plainFrames({ patch, bytes }: Subject): Buffer[] {
  return patch.header.frames.map(({ offset, size, plainSize }) => {
    const start = patch.headerSize + offset;
    return decompressFrame(bytes.subarray(start, start + size), plainSize);
  });
}

/** The same header around other frames, every size and digest made to fit: only what is in the frames is wrong. */
function withFrames(header: PatchHeader, plain: readonly Buffer[]): Buffer {
  const packed = plain.map(frameOf);
  let offset = 0;
  const frames = packed.map((frame, i): PatchFrame => {
    const listed = { offset, size: frame.length, plainSize: plain[i]?.length ?? 0, sha256: hash('sha256', frame) };
    offset += frame.length;
    return listed;
  });
  return containerOf({ ...header, frames, bodySize: offset, patchChecksum: hash('sha256', Buffer.concat(packed)) }, packed);
}

/** Bytes with some of them turned into what breaks decoders. */
function broken(bytes: Buffer, random: Random): Buffer {
  const result = Buffer.from(bytes);
  for (let i = 0; i <= random.below(3); i += 1) {
    const at = random.below(result.length);
    result.writeUInt8(random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256), result.readUInt8(at) ^ (1 << random.below(8))]), at);
  }
  return result;
}

/** The same JSON with one value, anywhere in it, turned into another. */
function mutated(value: unknown, random: Random): unknown {
  if (typeof value === 'number') return random.pick([0, 1, -1, value + 1, value - 1, 2 * value, 2 ** 31, 2 ** 32, 2 ** 52, null, 'x']);
  if (typeof value === 'string')
    return random.pick(['', `${value}x`, value.slice(1), '../x', '/x', 'a\\b', 'CON', 'kept', 'f'.repeat(64), 'sparse', 'text', 'move', 7]);
  if (Array.isArray(value)) {
    const items: unknown[] = [...value];
    const at = random.below(items.length);
    if (items.length === 0) return [0];
    const kind = random.below(5);
    if (kind === 0) return items.toSpliced(at, 1);
    if (kind === 1) return items.toSpliced(at, 0, items[random.below(items.length)]);
    return items.with(at, mutated(items[at], random));
  }
  if (typeof value !== 'object' || value === null) return 0;
  const fields = Object.entries(value);
  const [name, field] = random.pick(fields);
  if (random.below(12) === 0) return Object.fromEntries(fields.filter(([other]) => other !== name));
  return { ...value, [name]: mutated(field, random) };
}

/** Another patch file than the right one. */
export type Variant = (subject: Subject, random: Random) => Buffer;

/** Some bytes of the file are others. */
export const otherBytes: Variant = ({ bytes }, random) => broken(bytes, random);

/** One value of the header is another; everything else fits. */
export const otherHeader: Variant = ({ patch, bytes }, random) =>
  containerOf(mutated(patch.header, random), [bytes.subarray(patch.headerSize)]);

/** Some bytes of one column of a form are others; every size and digest fits. */
export const otherColumns: Variant = (subject, random) => {
  const plain = plainFrames(subject);
  const at = random.below(plain.length);
  return withFrames(subject.patch.header, plain.with(at, broken(plain[at] ?? Buffer.alloc(1), random)));
};
