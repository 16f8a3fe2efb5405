/** Patch files of every form: the right tree comes of them, or nothing. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { otherGuide, predictedIn } from '../../updater/patches/forms/predict/hostile.ts';
import { otherBytes, otherColumns, otherHeader, subjectIn, verdictOn } from '../../updater/patches/hostile.ts';
import type { Subject } from './subject.ts';

/** A patch, its header and its columns, damaged; applied in `folder`. */
export async function packages(folder: string): Promise<readonly Subject[]> {
  const subject = await subjectIn(folder);
  const work = join(folder, 'work');
  await mkdir(work);
  const predicted = await predictedIn(join(folder, 'predicted'));
  const allowed = new Set(['build/invalid', 'build/hash', 'build/base']);
  const judgeBy =
    (what: Parameters<typeof verdictOn>[0]) =>
    async (input: Uint8Array): Promise<'refused' | 'accepted'> => {
      const verdict = await verdictOn(what, Buffer.from(input), work);
      if (verdict === 'the right tree') return 'accepted';
      if (allowed.has(verdict)) return 'refused';
      throw new Error(verdict);
    };
  const judge = judgeBy(subject);
  return [
    { name: 'patch files', share: 2, make: (random) => otherBytes(subject, random), judge },
    { name: 'patch headers', share: 3, make: (random) => otherHeader(subject, random), judge },
    { name: 'patch columns (sparse, text, whole)', share: 3, make: (random) => otherColumns(subject, random), judge },
    { name: 'patch guides (predicted)', share: 3, make: (random) => otherGuide(predicted, random), judge: judgeBy(predicted) },
    { name: 'patch columns (predicted)', share: 2, make: (random) => otherColumns(predicted, random), judge: judgeBy(predicted) },
  ];
}
