/** A patch of the form `predicted` with every kind of region, and what a stranger may make of its columns. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSparse } from '../../../../../build/release/patch/carry/encode.ts';
import { encodeGuide } from '../../../../../build/release/patch/predict/guide.ts';
import { readHeader } from '../../../../../src/updater/patches/container.ts';
import { kinds, type Guide, type Region } from '../../../../../src/updater/patches/forms/predict/guide.ts';
import { PredictedFile } from '../../../../../src/updater/patches/forms/predict/predicted-file.ts';
import { Shifts } from '../../../../../src/updater/patches/forms/predict/shifts.ts';
import { containerOf, craft, numbers } from '../../crafted.ts';
import type { Subject } from '../../hostile.ts';
import { Random } from '../../random.ts';
import { writeTree } from '../../trees.ts';

/** The patch, and the columns that it was made of. */
export interface PredictedSubject extends Subject {
  readonly columns: readonly Buffer[];
  readonly before: Buffer;
  readonly after: Buffer;
}

const fileBytes = 40_000;
const guideColumns = 3;

/** A file of 40 kB with two regions of each kind, and another that is what it is predicted to be but for some words. */
export async function predictedIn(folder: string): Promise<PredictedSubject> {
  const random = new Random(31);
  const before = likeCode(random);
  const all = [...Object.values(kinds), ...Object.values(kinds)];
  const length = Math.floor(fileBytes / all.length);
  const regions = all.map((kind, i): Region => ({
    kind,
    start: i * length,
    end: (i + 1) * length,
    place: 64 + i * length,
    anchor: 1000 * i,
  }));
  const steps = Array.from({ length: 60 }, (_, i) => ({ start: 600 * i + random.below(600), shift: random.below(5000) - 2500 }));
  const shifts = new Shifts(
    steps.map(({ start }) => start),
    steps.map(({ shift }) => shift),
  );
  const guide: Guide = { origin: 0x40_0000, extent: fileBytes, regions, shifts };
  const predicted = Buffer.alloc(fileBytes);
  new PredictedFile({ size: fileBytes, read: (target, at) => void before.copy(target, 0, at) }, guide).read(predicted, 0);
  const after = Buffer.from(predicted);
  for (let at = 0; at + 4 < fileBytes; at += 100 + random.below(900)) after.writeInt32LE(random.below(1000), at);
  const control = [
    { add: 30_000, extra: 0, seek: -20_000 },
    { add: 10_000, extra: 0, seek: 0 },
  ];
  const columns = [...encodeGuide(guide, steps), ...encodeSparse({ before: predicted, after: reordered(after), control })];
  const whole = crafted(columns, before, reordered(after));
  const subject = { columns, before, after: reordered(after), patch: readHeader(whole, { allowUnsigned: true }), bytes: whole };
  await mkdir(folder, { recursive: true });
  return {
    ...subject,
    old: await writeTree(join(folder, 'old'), { f: before }),
    next: await writeTree(join(folder, 'next'), { f: subject.after }, '1.1.0'),
  };
}

/** The first three quarters, and once more what begins after the first. */
function reordered(file: Buffer): Buffer {
  return Buffer.concat([file.subarray(0, 30_000), file.subarray(10_000, 20_000)]);
}

/** Branches, addresses and records among bytes that mean nothing. */
function likeCode(random: Random): Buffer {
  const bytes = random.bytes(fileBytes);
  for (let at = 0; at + 40 < fileBytes; at += 8 + 8 * random.below(4)) {
    const kind = random.below(4);
    if (kind === 0) bytes.writeUInt8(0xe8, at);
    if (kind < 2) bytes.writeInt32LE(random.below(fileBytes) - at, at + 1);
    else if (kind === 2) bytes.writeBigUInt64LE(BigInt(0x40_0000 + random.below(fileBytes)), at);
    else bytes.writeUInt32LE(20, at);
  }
  return bytes;
}

function crafted(columns: readonly Buffer[], before: Buffer, after: Buffer): Buffer {
  const { header, frames } = craft({
    form: 'predicted',
    columns: columns.map((column) => (column.length === 0 ? [] : [column])),
    before,
    after,
  });
  return containerOf(header, frames);
}

/** The patch with some numbers of its guide turned into others, left out or doubled; every size and digest fits. */
export function otherGuide({ columns, before, after }: PredictedSubject, random: Random): Buffer {
  let others = columns;
  for (let i = 0; i <= random.below(3); i += 1) {
    const at = random.below(guideColumns);
    others = others.with(at, numbers(...otherNumbers(numbersOf(others[at] ?? Buffer.alloc(0)), random)));
  }
  return crafted(others, before, after);
}

function otherNumbers(list: readonly number[], random: Random): readonly number[] {
  if (list.length === 0) return [random.below(300)];
  const at = random.below(list.length);
  const value = list[at] ?? 0;
  const kind = random.below(8);
  if (kind === 0) return list.toSpliced(at, 1);
  if (kind === 1) return list.toSpliced(at, 0, value);
  if (kind === 2) return list.slice(0, at);
  return list.with(
    at,
    random.pick([0, 1, 8, 9, value + 1, Math.max(0, value - 1), 2 * value, 16_384, 16_385, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]),
  );
}

function numbersOf(column: Buffer): readonly number[] {
  const list: number[] = [];
  for (let [value, unit, at] = [0, 1, 0]; at < column.length; at += 1) {
    const byte = column.readUInt8(at);
    value += (byte & 0x7f) * unit;
    unit *= 0x80;
    if (byte >= 0x80) continue;
    list.push(value);
    [value, unit] = [0, 1];
  }
  return list;
}
