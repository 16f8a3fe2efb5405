import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answerTo, noDecisions, readDecisions, withAnswer, writeDecisions } from '../../../../src/main/updates/kept/decisions.ts';
import { instanceOf, layoutOf } from '../../../../src/updater/install/layout.ts';
import { tempFolder } from '../../../ground/folder.ts';

it('A word about a version takes the place of the one before, and a skipped version stays skipped whatever is said about others', () => {
  const until = '2026-11-11T12:00:00Z';
  const skipped = withAnswer(noDecisions, '1.1.0', { kind: 'skipped' });
  const both = withAnswer(skipped, '1.2.0', { kind: 'later', until });
  expect(['1.1.0', '1.2.0', '1.3.0'].map((version) => answerTo(version, both))).toEqual([
    { kind: 'skipped' },
    { kind: 'later', until },
    { kind: 'none' },
  ]);
  const wanted = withAnswer(both, '1.1.0', { kind: 'now' });
  expect(['1.1.0', '1.2.0'].map((version) => answerTo(version, wanted))).toEqual([{ kind: 'now' }, { kind: 'none' }]);
  expect(answerTo('1.1.0', withAnswer(wanted, '1.1.0', { kind: 'none' }))).toEqual({ kind: 'none' });
});

it('R15 decisions outlive the program, and a file that cannot be read is as if nothing had been decided', async () => {
  await using folder = await tempFolder();
  const instance = instanceOf(layoutOf(folder.path), 'default');
  await mkdir(instance.folder, { recursive: true });
  expect(await readDecisions(instance)).toEqual(noDecisions);
  const decided = withAnswer(noDecisions, '1.1.0', { kind: 'skipped' });
  await writeDecisions(instance, decided);
  expect(await readDecisions(instance)).toEqual(decided);
  await writeFile(join(instance.folder, 'decisions.json'), '{"skipped":7}');
  expect(await readDecisions(instance)).toEqual(noDecisions);
});
