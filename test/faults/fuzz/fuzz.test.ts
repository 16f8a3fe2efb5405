/** Ten thousand cases of everything that reads what strangers write; a hundred thousand are `npm run fuzz`. Patch files have theirs in test/updater/patches. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../updater/patches/random.ts';
import { quickFolder } from '../../updater/patches/trees.ts';
import { answers } from './network.ts';
import { manifests, metadataOf, offers, signatures } from './signed.ts';
import { records } from './stored.ts';
import { fuzz, type Subject } from './subject.ts';

const roles = ['root', 'timestamp', 'snapshot', 'targets'] as const;
const seeded = (seed: number): Random => new Random(seed);
const slowestMs = 5000;

describe('S01 S32 whatever is nearly right', () => {
  test.each<[Subject, number]>([
    ...roles.map((role): [Subject, number] => [metadataOf(role), 900]),
    [signatures(), 100],
    [manifests(), 1500],
    [offers(), 1000],
    ...records.map((subject): [Subject, number] => [subject, 500]),
  ])('in $name is refused with its code, or means what it says', async (subject, count) => {
    const tally = await fuzz(subject, { from: 1, count }, seeded);
    expect(tally.slowestMs).toBeLessThan(slowestMs);
    expect(tally.refused).toBeGreaterThan(count / 4);
  });

  test('in HTTP answers is refused with its code, or gives exactly the right bytes', async () => {
    await using folder = await quickFolder();
    await using subject = await answers(folder.path);
    const tally = await fuzz(subject, { from: 1, count: 250 }, seeded);
    expect(Math.min(tally.refused, tally.accepted)).toBeGreaterThan(10);
    expect(tally.slowestMs).toBeLessThan(slowestMs);
  });
});

test('what once failed does so no more', async () => {
  const subjects = [...roles.map(metadataOf), signatures(), manifests(), offers(), ...records];
  const folder = join(import.meta.dirname, 'fixtures');
  const names = await readdir(folder).catch(() => []); // Normal: nothing has failed.
  for (const name of names) {
    const subject = subjects.find((each) => name.startsWith(each.name.replaceAll(/[^a-z0-9]+/gi, '-')));
    expect(await subject?.judge(await readFile(join(folder, name)))).toMatch(/^(?:refused|accepted)$/);
  }
});
