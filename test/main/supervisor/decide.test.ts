import { describe, expect, it } from 'vitest';
import { decide, wayBack, type Candidate } from '../../../src/main/supervisor/decide.ts';
import type { Generation } from '../../../src/updater/model/generation.ts';
import { digestOf } from '../../ground/manifests.ts';

function generation(fields: Partial<Generation>): Generation {
  return {
    n: 2,
    version: '1.1.0',
    treeDigest: digestOf('tree'),
    evolutions: {},
    epoch: 2,
    dataVersion: 0,
    state: 'good',
    triesLeft: 3,
    previous: 1,
    why: 'update',
    data: 'clone',
    createdAt: '2026-01-02T03:04:05Z',
    startedAt: null,
    confirmedAt: null,
    failure: null,
    ...fields,
  };
}

const whole = (fields: Partial<Generation>): Candidate => ({ generation: generation(fields), isWhole: true });
const gone = (fields: Partial<Generation>): Candidate => ({ generation: generation(fields), isWhole: false });
const before = generation({ n: 1, version: '1.0.0' });
const waiting = { n: 3, state: 'staged' } as const;

type Found = readonly [current: Candidate | null, staged: Candidate | null, previous: Generation | null];

/** The current generation, the one that waits, the one to go back to; and what is done. */
const table: readonly (readonly [what: string, ...found: Found, plan: object])[] = [
  ['nothing is installed', null, null, null, { kind: 'nothing', failure: { code: 'start/nothing' } }],
  ['a first version waits', null, whole(waiting), null, { kind: 'switch', to: { n: 3 } }],
  ['good', whole({}), null, before, { kind: 'run', generation: { n: 2 } }],
  ['good without a way back', whole({}), null, null, { kind: 'run' }],
  ['good, and one waits', whole({}), whole(waiting), before, { kind: 'switch', to: { n: 3 } }],
  ['good, and one that is gone waits', whole({}), gone(waiting), before, { kind: 'run', generation: { n: 2 } }],
  ['switched to', whole({ state: 'staged' }), null, before, { kind: 'try', isLastResort: false }],
  ['switched to without a way back', whole({ state: 'staged' }), null, null, { kind: 'try', isLastResort: false }],
  ['trying with tries', whole({ state: 'trying', triesLeft: 1 }), null, before, { kind: 'try', isLastResort: false }],
  [
    'trying without tries',
    whole({ state: 'trying', triesLeft: 0 }),
    null,
    before,
    { kind: 'back', to: { n: 1 }, failure: { code: 'start/failed' } },
  ],
  ['trying without tries or way back', whole({ state: 'trying', triesLeft: 0 }), null, null, { kind: 'try', isLastResort: true }],
  ['trying, and one waits', whole({ state: 'trying', triesLeft: 0 }), whole(waiting), before, { kind: 'switch', to: { n: 3 } }],
  ['bad', whole({ state: 'bad' }), null, before, { kind: 'back', to: { n: 1 } }],
  ['bad without a way back', whole({ state: 'bad' }), null, null, { kind: 'try', isLastResort: true }],
  ['good and gone', gone({}), null, before, { kind: 'back', to: { n: 1 }, failure: { code: 'state/damaged' } }],
  ['trying and gone', gone({ state: 'trying' }), null, before, { kind: 'back', to: { n: 1 }, failure: { code: 'state/damaged' } }],
  ['gone without a way back', gone({}), null, null, { kind: 'nothing', failure: { code: 'state/damaged' } }],
  ['gone, and one waits', gone({}), whole(waiting), null, { kind: 'switch', to: { n: 3 } }],
];

describe('what a start does', () => {
  it.each(table)('when it is %s', (...row) => {
    const [, current, staged, previous, plan] = row;
    expect(decide(current, staged, previous)).toMatchObject(plan);
  });
});

describe('the way back', () => {
  const from = generation({ n: 5, previous: 4 });
  it.each([
    ['the one before', [whole({ n: 3 }), whole({ n: 4 })], 4],
    ['the one before, though it was never started', [whole({ n: 3 }), whole({ n: 4, state: 'staged' })], 4],
    ['not one that was left in its trial', [whole({ n: 3 }), whole({ n: 4, state: 'trying' })], 3],
    ['not one that is bad', [whole({ n: 2 }), whole({ n: 3, state: 'bad' }), whole({ n: 4, state: 'bad' })], 2],
    ['not one that is gone', [whole({ n: 2 }), whole({ n: 3 }), gone({ n: 4 })], 3],
    ['never a later one', [whole({ n: 6 })], undefined],
  ] as const)('is %s', (_, all, n) => {
    expect(wayBack(from, all)?.n).toBe(n);
  });
});
