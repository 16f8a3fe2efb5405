import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { buildTree } from '../../../../src/updater/patches/apply.ts';
import { readHeader } from '../../../../src/updater/patches/container.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { containerOf, craft, fileOf, numbers, signedNumbers, treeOf, written, type Crafted } from '../crafted.ts';

const before = Buffer.from('abcdefghijklmnopqrstuvwxyz');
// As long as the old file, but not the same: what is there already is never taken from a patch.
const promised = 'abcdefghijklmnopqrstuvwxyZ';
const none = Buffer.alloc(0);
const adds = Buffer.from('=');

/** Applies a patch that was written by hand; returns what came out, or the code it was refused with and the files that were begun. */
async function applied(crafted: Crafted): Promise<string | { code: unknown; begun: readonly string[] }> {
  await using folder = await tempFolder();
  const { header, frames } = craft(crafted);
  const bytes = containerOf(header, frames);
  const body = await written(join(folder.path, 'patch'), bytes);
  const [old, to] = [join(folder.path, 'old'), join(folder.path, 'to')];
  await mkdir(old);
  await mkdir(to);
  await writeFile(join(old, 'f'), crafted.before);
  const input = { patch: readHeader(bytes, { allowUnsigned: true }), body, to, expected: treeOf(fileOf('f', crafted.after)) };
  try {
    await buildTree({ ...input, old: { folder: old, tree: treeOf(fileOf('f', crafted.before)) } }, quietJob());
    return (await readFile(join(to, 'f'))).equals(crafted.after) ? 'the right file' : 'a wrong file';
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return { code: error.code, begun: await readdir(to) };
  }
}

function sparse(columns: readonly (readonly Buffer[])[], after: string): Crafted {
  return { form: 'sparse', columns, before, after: Buffer.from(after) };
}

function text(control: Buffer, bytes: Buffer, after: string): Crafted {
  return { form: 'text', columns: [[control], [bytes]], before, after: Buffer.from(after) };
}

describe('the form sparse', () => {
  const shifted = Buffer.from(before);
  shifted.writeUInt32LE(shifted.readUInt32LE(2) + 258, 2);
  shifted.writeUInt16LE(shifted.readUInt16LE(24) - 1, 24);
  const result = `${shifted.toString('latin1')}!${before.toString('latin1', 20)}`;
  const columns = [
    [signedNumbers(26, 6)],
    [signedNumbers(1, 0)],
    [signedNumbers(-6, 0)],
    [numbers(2, 18)],
    [signedNumbers(258, -1)],
    [Buffer.from('!')],
  ];

  test('takes ranges, changes words, also a short one at the end of a triple, and inserts bytes', async () => {
    expect(await applied({ ...sparse(columns, ''), after: Buffer.from(result, 'latin1') })).toBe('the right file');
  });

  test('reads numbers and bytes across the borders of streams', async () => {
    const cut = columns.map((column) => column.flatMap((bytes) => [...bytes].map((byte) => Buffer.from([byte]))));
    expect(await applied({ ...sparse(cut, ''), after: Buffer.from(result, 'latin1') })).toBe('the right file');
  });

  test.each<[string, readonly (readonly Buffer[])[]]>([
    ['a negative length', [[signedNumbers(1, -1, 26)], [signedNumbers(0, 0, 0)], [signedNumbers(0, 0, 0)], [none], [none], [none]]],
    ['a negative number of new bytes', [[signedNumbers(26, 1)], [signedNumbers(-1, 0)], [signedNumbers(-26, 0)], [none], [none], [none]]],
    ['a triple that leaves the result', [[signedNumbers(26)], [signedNumbers(1)], [signedNumbers(0)], [none], [none], [adds]]],
    ['a triple that leaves the old file', [[signedNumbers(25, 1)], [signedNumbers(0, 0)], [signedNumbers(1, -1)], [none], [none], [none]]],
    ['a move before the old file', [[signedNumbers(25, 1)], [signedNumbers(0, 0)], [signedNumbers(-26, 0)], [none], [none], [none]]],
    ['control that overflows', [[Buffer.alloc(9, 0xff)], [signedNumbers(0)], [signedNumbers(0)], [none], [none], [none]]],
    [
      'a number beyond 2^53',
      [[Buffer.from([255, 255, 255, 255, 255, 255, 255, 127])], [signedNumbers(0)], [signedNumbers(0)], [none], [none], [none]],
    ],
    ['control that ends early', [[signedNumbers(20)], [signedNumbers(0)], [signedNumbers(0)], [none], [none], [none]]],
    ['control that goes on', [[signedNumbers(26, 0)], [signedNumbers(0)], [signedNumbers(0)], [none], [none], [none]]],
  ])('S21 refuses %s before a byte is written', async (_, columns) => {
    expect(await applied(sparse(columns, promised))).toEqual({ code: 'build/invalid', begun: [] });
  });

  test.each<[string, readonly (readonly Buffer[])[]]>([
    [
      'a gap that leaves the result',
      [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [numbers(27)], [signedNumbers(1)], [none]],
    ],
    ['a gap after the last change', [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [numbers(27)], [none], [none]]],
    ['a change without a difference', [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [numbers(0)], [none], [none]]],
    ['a difference of 33 bits', [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [numbers(0)], [numbers(2 ** 32)], [none]]],
    ['a difference without a change', [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [none], [signedNumbers(1)], [none]]],
    ['bytes that nobody takes', [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [none], [none], [adds]]],
    ['too few bytes', [[signedNumbers(24)], [signedNumbers(2)], [signedNumbers(0)], [none], [none], [adds]]],
  ])('S21 refuses %s', async (_, columns) => {
    expect(await applied(sparse(columns, promised))).toMatchObject({ code: 'build/invalid' });
  });

  test('refuses a result that is not the promised one', async () => {
    const wrong = [[signedNumbers(26)], [signedNumbers(0)], [signedNumbers(0)], [numbers(0)], [signedNumbers(1)], [none]];
    expect(await applied(sparse(wrong, promised))).toMatchObject({ code: 'build/hash' });
  });
});

describe('the form text', () => {
  test('takes unchanged ranges and inserts bytes', async () => {
    const control = signedNumbers(3, 2, 2, 4, 0, -9, 9, 1, 0);
    expect(await applied(text(control, Buffer.from('DE!'), 'abcDEfghiabcdefghi!'))).toBe('the right file');
  });

  test('S21 refuses control that leaves either file', async () => {
    const refused = { code: 'build/invalid', begun: [] };
    expect(await applied(text(signedNumbers(3, 2, 2, 27, 0, 0), Buffer.from('DE'), 'abcDE'))).toEqual(refused);
    expect(await applied(text(signedNumbers(27, 0, 0), adds, 'a'.repeat(27)))).toEqual(refused);
  });
});
