import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { otherBytes, otherColumns, otherHeader, subjectIn, verdictOn, type Variant } from './hostile.ts';
import { Random } from './random.ts';
import { quickFolder } from './trees.ts';

// A long campaign sets this; the verdicts are the same, there are only more of them.
const factor = Number(process.env['MOULT_FUZZ_FACTOR'] ?? 1);

/** Applies many variants and counts the verdicts. */
async function campaign(cases: number, variant: Variant): Promise<Map<string, number>> {
  await using folder = await quickFolder();
  const subject = await subjectIn(folder.path);
  const work = join(folder.path, 'work');
  await mkdir(work);
  expect(await verdictOn(subject, await readFile(join(folder.path, 'patch')), work)).toBe('the right tree');
  const verdicts = new Map<string, number>();
  for (let i = 0; i < cases * factor; i += 1) {
    const found = await verdictOn(subject, variant(subject, new Random(i)), work);
    verdicts.set(found, (verdicts.get(found) ?? 0) + 1);
  }
  return verdicts;
}

const allowed = new Set(['build/invalid', 'build/hash', 'build/base', 'the right tree']);

describe('S21 S24 a hostile patch is harmless', () => {
  test('whatever byte of the file is another', async () => {
    const verdicts = await campaign(1000, otherBytes);
    expect([...verdicts.keys()].filter((found) => !allowed.has(found))).toEqual([]);
    expect(verdicts.get('build/invalid')).toBeGreaterThan(900 * factor);
  });

  test('whatever stands in its header', async () => {
    const verdicts = await campaign(2000, otherHeader);
    expect([...verdicts.keys()].filter((found) => !allowed.has(found))).toEqual([]);
    expect(verdicts.get('build/invalid')).toBeGreaterThan(1000 * factor);
  });

  test('whatever stands in its columns', async () => {
    const verdicts = await campaign(300, otherColumns);
    expect([...verdicts.keys()].filter((found) => !allowed.has(found))).toEqual([]);
    expect((verdicts.get('build/invalid') ?? 0) + (verdicts.get('build/hash') ?? 0)).toBeGreaterThan(250 * factor);
  });
});
