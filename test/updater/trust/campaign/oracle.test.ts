/** The same mutated repositories, step by step, for our client and for tuf-js: the verdicts must agree. */
import { expect, test } from 'vitest';
import { readEd25519 } from '../../../../src/updater/trust/signature.ts';
import { compare, type Step } from './compare.ts';

const sequences = 100;
const stepsEach = 3;
const lanes = 8;

// Most of them with Node's verification, which is eighty times as fast; ten thousand are `npm run oracle`.
test(`our verdicts are those of tuf-js on ${sequences * stepsEach} mutated repositories`, async () => {
  const seeds = Array.from({ length: sequences }, (_, i) => i + 1);
  const found = new Map<number, readonly Step[]>();
  const lane = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop())
      found.set(seed, await compare(seed, { steps: stepsEach, ...(seed <= 4 ? { readKey: readEd25519 } : {}) }));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const steps = [...found].flatMap(([seed, taken]) => taken.map((step) => ({ seed, ...step })));
  expect(steps.filter(({ ours, theirs, oracleFault }) => ours !== theirs && oracleFault === null)).toEqual([]);
  // A campaign in which everything is refused, or nothing, would prove little.
  const accepted = steps.filter(({ ours }) => ours === 'accepted').length;
  expect(Math.min(accepted, steps.length - accepted)).toBeGreaterThan(steps.length / 10);
});

test.each([
  [1102, 'kept snapshot', 'refused'],
  [1779, 'kept snapshot', 'refused'],
  [77, 'kept in spite of new keys', 'accepted'],
  [3206, 'counted ids', 'refused'],
])('the known fault of the oracle at seed %i is still there: %s', async (seed, fault, verdict) => {
  const steps = await compare(seed, { steps: 3 });
  expect(steps.at(-1)).toMatchObject({ ours: verdict, oracleFault: fault });
});
