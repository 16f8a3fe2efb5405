import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quietJob } from '../../../../../src/updater/model/job.ts';
import { buildTree } from '../../../../../src/updater/patches/apply.ts';
import { readHeader } from '../../../../../src/updater/patches/container.ts';
import type { OldBytes } from '../../../../../src/updater/patches/forms/old-file.ts';
import { kinds, type Guide, type Region } from '../../../../../src/updater/patches/forms/predict/guide.ts';
import { PredictedFile } from '../../../../../src/updater/patches/forms/predict/predicted-file.ts';
import { Shifts } from '../../../../../src/updater/patches/forms/predict/shifts.ts';
import { tempFolder } from '../../../../ground/folder.ts';
import { containerOf, craft, fileOf, numbers, signedNumbers, treeOf, written } from '../../crafted.ts';
import { Random } from '../../random.ts';

const none = Buffer.alloc(0);

function inMemory(bytes: Buffer): OldBytes {
  return { size: bytes.length, read: (target, position) => void bytes.copy(target, 0, position) };
}

/** One region from the beginning of a file, with everything in the map from place 0x100 on moved by 0x10, from 0x200 on by 0x40. */
function predicted(bytes: Buffer, region: Pick<Region, 'kind'> & Partial<Region>): string {
  const shifts = new Shifts([0x100, 0x200], [0x10, 0x40]);
  const guide: Guide = {
    origin: 0x40_0000,
    extent: 0x1000,
    shifts,
    regions: [{ start: 0, end: bytes.length, place: 0, anchor: 0, ...region }],
  };
  const result = Buffer.alloc(bytes.length);
  new PredictedFile(inMemory(bytes), guide).read(result, 0);
  return result.toString('hex');
}

describe('tables of addresses', () => {
  function words(...values: readonly number[]): Buffer {
    const bytes = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) bytes.writeInt32LE(value, 4 * i);
    return bytes;
  }

  test.each<[string, Buffer, Pick<Region, 'kind'> & Partial<Region>, Buffer]>([
    [
      'addresses of eight bytes',
      words(0x40_0150, 0, 7, 0, 0x40_0250, 1),
      { kind: kinds.pointers },
      words(0x40_0160, 0, 7, 0, 0x40_0250, 1),
    ],
    [
      'addresses wherever they lie',
      Buffer.concat([Buffer.from('abc'), words(0x40_0150, 0, 0x40_0250, 0)]),
      { kind: kinds.scattered },
      Buffer.concat([Buffer.from('abc'), words(0x40_0160, 0, 0x40_0290, 0)]),
    ],
    ['distances from where they stand', words(0x210, 8, -0x200), { kind: kinds.distances, place: 0x80 }, words(0x250, 8, -0x200)],
    ['distances from an anchor', words(0x10, 0x110), { kind: kinds.anchored, anchor: 0x100 }, words(0x10, 0x140)],
    [
      'records of unwinding: back to the common one, to the code, and to its landing pads',
      Buffer.concat([words(20, 0x1a0, -0x18, 8), Buffer.from([4]), words(-0x150), Buffer.from([0, 0, 0]), words(0)]),
      { kind: kinds.frames, place: 0x200 },
      Buffer.concat([words(20, 0x1e0, -0x48, 8), Buffer.from([4]), words(-0x190), Buffer.from([0, 0, 0]), words(0)]),
    ],
    [
      'symbols: their names and addresses',
      words(0x110, 1, 0x40_0150, 0, 5, 0),
      { kind: kinds.symbols, anchor: 0x100 },
      words(0x140, 1, 0x40_0160, 0, 5, 0),
    ],
    ['nothing in what stays as it is', words(0x40_0150, 0), { kind: kinds.asItIs }, words(0x40_0150, 0)],
  ])('move: %s', (...[, before, region, after]) => {
    expect(predicted(before, region)).toBe(after.toString('hex'));
  });
});

describe('PredictedFile', () => {
  test('gives the same bytes in whatever order and pieces it is read, and whatever it forgot in between', () => {
    const random = new Random(21);
    const bytes = random.bytes(12_000_000);
    const regions: Region[] = [];
    for (let start = 0; start < 11_900_000;) {
      const end = start + 1 + random.below(16_384);
      regions.push({ kind: random.pick(Object.values(kinds)), start, end, place: start, anchor: random.below(2 ** 20) });
      start = end;
    }
    const starts = Array.from({ length: 4000 }, (_, i) => 3000 * i + random.below(3000));
    const shifts = new Shifts(
      starts,
      starts.map(() => random.below(2 ** 20)),
    );
    const guide: Guide = { origin: 0, extent: 12_000_000, regions, shifts };
    const whole = Buffer.alloc(bytes.length);
    new PredictedFile(inMemory(bytes), guide).read(whole, 0);
    expect(whole.equals(bytes)).toBe(false);
    const file = new PredictedFile(inMemory(bytes), guide);
    for (let i = 0; i < 3000; i += 1) {
      const [at, piece] = [random.below(bytes.length), Buffer.alloc(1 + random.below(i % 100 === 0 ? 100_000 : 100))];
      const part = piece.subarray(0, Math.min(piece.length, bytes.length - at));
      file.read(part, at);
      if (!part.equals(whole.subarray(at, at + part.length))) throw new Error(`other bytes at ${at}`);
    }
  });
});

describe('S21 a guide', () => {
  const code = Buffer.from('e8fb000000e8fb000000', 'hex');

  /** What becomes of a patch with this guide and one changed word: the code it is refused with and the files that were begun, or the right file. */
  async function applied(guide: readonly [Buffer, Buffer, Buffer], before = code): Promise<unknown> {
    await using folder = await tempFolder();
    const after = Buffer.from(before.with(6, 0xfa));
    const control = [signedNumbers(before.length), signedNumbers(0), signedNumbers(0)];
    const columns = [...guide, ...control, numbers(6), signedNumbers(-1), none].map((column) => [column]);
    const { header, frames } = craft({ form: 'predicted', columns, before, after });
    const bytes = containerOf(header, frames);
    const body = await written(join(folder.path, 'patch'), bytes);
    const [old, to] = [join(folder.path, 'old'), join(folder.path, 'to')];
    await mkdir(old);
    await mkdir(to);
    await writeFile(join(old, 'f'), before);
    const input = { patch: readHeader(bytes, { allowUnsigned: true }), body, to, expected: treeOf(fileOf('f', after)) };
    try {
      await buildTree({ ...input, old: { folder: old, tree: treeOf(fileOf('f', before)) } }, quietJob());
      return (await readFile(join(to, 'f'))).equals(after) ? 'the right file' : 'a wrong file';
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      return { code: error.code, begun: await readdir(to) };
    }
  }

  const region = (kind: number, length: number, ...[jump = 0, ...anchor]: readonly number[]): Buffer =>
    Buffer.concat([numbers(kind, length), signedNumbers(jump), numbers(...anchor)]);
  const regions = (...all: readonly Buffer[]): Buffer => Buffer.concat([numbers(0, 0x1000), ...all]);
  const invalid = { code: 'build/invalid', begun: [] };

  test('that moves nothing makes a patch like any other', async () => {
    expect(await applied([regions(region(kinds.fixedCode, 10)), none, none])).toBe('the right file');
    expect(await applied([regions(), none, none])).toBe('the right file');
    expect(await applied([regions(region(kinds.fixedCode, 10)), numbers(0x1000), signedNumbers(5)])).toBe('the right file');
  });

  test('with a region that is longer than a chunk is refused', async () => {
    const long = Buffer.alloc(20_000, code);
    expect(await applied([regions(region(kinds.asItIs, 20_000)), none, none], long)).toBe('the right file');
    expect(await applied([regions(region(kinds.pointers, 16_384)), none, none], long)).toBe('the right file');
    expect(await applied([regions(region(kinds.pointers, 16_385)), none, none], long)).toEqual(invalid);
  });

  test('that moves something else is found out by the result', async () => {
    expect(await applied([regions(region(kinds.fixedCode, 10)), numbers(0x100), signedNumbers(1)])).toMatchObject({ code: 'build/hash' });
  });

  test.each<[string, readonly [Buffer, Buffer, Buffer]]>([
    ['an unknown kind', [regions(region(9, 10)), none, none]],
    ['a kind that is no small number', [regions(region(2 ** 40, 10)), none, none]],
    ['a region without bytes', [regions(region(kinds.pointers, 0)), none, none]],
    ['a region beyond the file', [regions(region(kinds.pointers, 11)), none, none]],
    ['regions that end beyond the file', [regions(region(kinds.asItIs, 6), region(kinds.pointers, 5)), none, none]],
    ['a place below 0', [regions(region(kinds.pointers, 4, -1)), none, none]],
    ['a place beyond all places', [regions(region(kinds.pointers, 4, 2 ** 31 - 3)), none, none]],
    ['an anchor beyond all places', [regions(region(kinds.anchored, 4, 0, 2 ** 31)), none, none]],
    ['a region that is cut off', [regions(numbers(kinds.pointers, 4)), none, none]],
    ['an extent beyond all places', [numbers(0, 2 ** 31 + 1), none, none]],
    ['an origin that is too large', [numbers(2 ** 53 - 1, 1), none, none]],
    ['nothing at all', [none, none, none]],
    ['a step beyond all places', [regions(), numbers(2 ** 31), signedNumbers(1)]],
    ['two steps at one place', [regions(), numbers(5, 0), signedNumbers(1, 1)]],
    ['a shift that is too large', [regions(), numbers(5), signedNumbers(2 ** 31)]],
    ['more steps than shifts', [regions(), numbers(5, 6), signedNumbers(1)]],
    ['more shifts than steps', [regions(), numbers(5), signedNumbers(1, 1)]],
  ])('with %s is refused before anything is written', async (_, guide) => {
    expect(await applied(guide)).toEqual(invalid);
  });
});
