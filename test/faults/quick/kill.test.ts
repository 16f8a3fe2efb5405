/** The quick selection of `npm run campaign`: kills spread over every piece of work, before and after calls, some with a second kill on the way back. */
import { describe, expect, it } from 'vitest';
import { countCalls, type Case } from '../campaign/cases.ts';
import { seeded, spread } from '../campaign/choice.ts';
import { brokenOf, missing, openStages, seed, words } from './stages.ts';

/** Which cases of the list a piece of work stands for, and how many points of it are tried. */
const quick: readonly (readonly [string, string, number])[] = [
  ['R02', 'first install', 2],
  ['R01 R03', 'update', 3],
  ['R01 R03', 'update by two patches, then switch', 3],
  ['R02', 'rollback', 2],
  ['R02', 'update among the remains of others', 2],
  ['R01 R03', 'trial of a version that migrates the data, then cleanup', 4],
  ['R01 R03', 'trial of a bad version, which is taken back', 3],
  ['R02 R03', 'rollback to a version that cannot read the data, and to its data', 3],
  ['R02', 'snapshot: create', 2],
  ['R02 R03', 'snapshot: restore', 2],
  ['R02', 'snapshot: delete', 2],
  ['R02', 'launcher: placed', 2],
  ['R02', 'launcher: replaced', 2],
  ['R02', 'start with an empty pointer', 2],
  ['R02 R03', 'start with a damaged record', 2],
  ['R02 R03', 'cleanup of versions and epochs', 2],
];

describe.skipIf(missing !== null)(`a kill at any moment ${words}`, () => {
  const stageOf = openStages({ isWithData: true });

  it.each(quick)(
    '%s %s: leaves the old version or the new one with all data, and the same command then finishes',
    async (ids, name, many) => {
      const stage = stageOf(name);
      const calls = await countCalls(stage);
      const cases = spread(calls.length, many, seeded(seed)).map((at, i): Case => {
        const isTwice = i === 0 && ids.includes('R03');
        return { fault: { at, what: i % 2 === 0 ? 'before' : 'after' }, again: isTwice ? 1 : 0, seed };
      });
      expect(await brokenOf(stage, cases)).toEqual([]);
    },
  );

  it('R01 of the starter alone leaves a migrating program running, which spoils nothing', async () => {
    const stage = stageOf('trial of a version that migrates the data, then cleanup');
    const calls = await countCalls(stage);
    const migrating = calls.flatMap((call, i) => (/\.making-.*notes\.db-/.test(call) ? [i + 1] : []));
    const cases = spread(migrating.length, 3, seeded(seed)).map((i): Case => {
      return { fault: { at: migrating[i - 1] ?? 0, what: 'starter' }, again: 0, seed };
    });
    expect([cases.length, await brokenOf(stage, cases)]).toEqual([3, []]);
  });
});
