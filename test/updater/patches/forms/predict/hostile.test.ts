import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { otherColumns, verdictOn } from '../../hostile.ts';
import { Random } from '../../random.ts';
import { quickFolder } from '../../trees.ts';
import { otherGuide, predictedIn } from './hostile.ts';

test('S21 S24 a hostile prediction is harmless, whatever its guide and its columns say', async () => {
  await using folder = await quickFolder();
  const subject = await predictedIn(folder.path);
  const work = join(folder.path, 'work');
  await mkdir(work);
  expect(await verdictOn(subject, subject.bytes, work)).toBe('the right tree');
  const verdicts = new Map<string, number>();
  for (let i = 0; i < 400; i += 1) {
    const bytes = (i % 2 === 0 ? otherGuide : otherColumns)(subject, new Random(i));
    const found = await verdictOn(subject, bytes, work);
    verdicts.set(found, (verdicts.get(found) ?? 0) + 1);
  }
  expect([...verdicts.keys()].filter((found) => !['build/invalid', 'build/hash', 'the right tree'].includes(found))).toEqual([]);
  expect(Math.min(verdicts.get('build/invalid') ?? 0, verdicts.get('build/hash') ?? 0)).toBeGreaterThan(50);
});
