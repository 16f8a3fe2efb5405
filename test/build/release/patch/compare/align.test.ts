import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compressFrame } from '../../../../../build/release/patch/carry/compress.ts';
import { encodeSparse, encodeText } from '../../../../../build/release/patch/carry/encode.ts';
import { alignFiles } from '../../../../../build/release/patch/compare/align.ts';
import { soundControl, type Differ, type Triple } from '../../../../../build/release/patch/compare/control.ts';
import { diffPairs } from '../../../../../build/release/patch/compare/diff.ts';
import { quietJob } from '../../../../../src/updater/model/job.ts';
import { quickFolder, writeTree } from '../../../../updater/patches/trees.ts';
import { edited, Random } from '../../../../updater/patches/random.ts';

/** What control leads to: bytes of the old file where it takes them, the new file's own where it does not. */
function taken(control: readonly Triple[]): number {
  return control.reduce((sum, { add }) => sum + add, 0);
}

function sound(before: Buffer, after: Buffer): readonly Triple[] {
  const control = soundControl(alignFiles(before, after), before.length, after.length);
  if (control === null) throw new Error(`control of ${before.length} → ${after.length} bytes is not sound`);
  return control;
}

describe('control stays inside the old file and makes exactly the new one', () => {
  test('for files at the edge', () => {
    const random = new Random(21);
    const [none, one, block] = [Buffer.alloc(0), Buffer.from([7]), random.bytes(3000)];
    const grown = Buffer.concat(Array.from({ length: 100 }, () => edited(block, random)));
    const files = [none, one, block, random.bytes(5000), grown, Buffer.alloc(4000), Buffer.alloc(9000, 1), random.text(90)];
    for (const before of files) for (const after of files) expect(sound(before, after).length).toBeGreaterThan(0);
  });

  test('for hundreds of random edits', () => {
    const random = new Random(22);
    for (let run = 0; run < 300; run += 1) {
      const before = random.below(2) === 0 ? random.bytes(random.below(4000)) : random.text(random.below(60));
      let after = before;
      for (let edits = random.below(5); edits > 0; edits -= 1) after = edited(after, random);
      sound(before, after);
    }
  });
});

test('a file is taken whole from itself, and from one that it was moved about in', () => {
  const random = new Random(23);
  const [first, second] = [random.bytes(30_000), random.bytes(50_000)];
  const before = Buffer.concat([first, second]);
  expect(sound(before, before)).toEqual([{ add: before.length, extra: 0, seek: 0 }]);
  expect(sound(before, Buffer.concat([second, first]))).toEqual([
    { add: 0, extra: 0, seek: first.length },
    { add: second.length, extra: 0, seek: -before.length },
    { add: first.length, extra: 0, seek: 0 },
  ]);
});

test('short matches are found where long ones leave much unexplained', () => {
  const random = new Random(24);
  const words = Array.from({ length: 400 }, () => random.bytes(18));
  const before = Buffer.concat(words.flatMap((word) => [word, random.bytes(5)]));
  const after = Buffer.concat(words.toReversed());
  expect(taken(sound(before, after))).toBeGreaterThan(0.98 * after.length);
});

test('patches of several pairs are together at most 1 % bigger than with the control that bsdiff finds', async () => {
  await using folder = await quickFolder();
  const random = new Random(25);
  const [binary, text] = [random.bytes(400_000), random.text(9000)];
  const mixed = Buffer.concat([text, binary.subarray(0, 100_000), text.subarray(0, 20_000)]);
  const modules = (name: string): Promise<Buffer> => readFile(`node_modules/zod/v4/core/${name}`);
  const pairs: readonly [Buffer, Buffer][] = [
    [binary, edited(edited(binary, random), random)],
    [text, edited(edited(text, random), random)],
    [mixed, Buffer.concat([edited(binary.subarray(50_000, 90_000), random), edited(text, random)])],
    [await modules('schemas.cjs'), await modules('schemas.js')],
    [await modules('util.js'), await modules('util.cjs')],
  ];
  let [ours, theirs] = [0, 0];
  for (const [before, after] of pairs) {
    ours += await sizeWith('moult', { before, after, folder: folder.path });
    theirs += await sizeWith('bsdiff', { before, after, folder: folder.path });
  }
  expect(ours).toBeLessThanOrEqual(1.01 * theirs);
});

/** What a patch of two files takes in the smaller of the two forms that are made from control. */
async function sizeWith(differ: Differ, { before, after, folder }: { before: Buffer; after: Buffer; folder: string }): Promise<number> {
  const folders = { before: join(folder, 'before'), after: join(folder, 'after'), cache: join(folder, 'cache'), differ };
  const { files: olds } = await writeTree(folders.before, { file: before }).then(({ tree }) => tree);
  const { files: news } = await writeTree(folders.after, { file: after }).then(({ tree }) => tree);
  const pairs = olds.flatMap((before, i) => news.slice(i, i + 1).map((after) => ({ before, after })));
  const [control] = await diffPairs(pairs, folders, quietJob());
  if (control === null || control === undefined) throw new Error(`${differ} found no control`);
  const pair = { before, after, control };
  const forms = [8, 20].flatMap((shortest) => [encodeSparse(pair, shortest), encodeText(pair, shortest)]);
  return Math.min(...(await Promise.all(forms.map(packedSize))));
}

async function packedSize(columns: readonly Buffer[]): Promise<number> {
  const packed = await Promise.all(columns.map(async (column) => (await compressFrame(column, 19)).length));
  return packed.reduce((sum, size) => sum + size, 0);
}
