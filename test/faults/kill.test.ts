/** The quick selection of `npm run campaign`: kills spread over every piece of work, before and after calls, some with a second kill. */
import PQueue from 'p-queue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../folder.ts';
import { countCalls, scenarios, tryCase, type Case, type Stage } from './campaign/cases.ts';
import { seeded, spread } from './campaign/choice.ts';
import { openGround, type Ground } from './campaign/ground.ts';
import { faultsMissing } from './shim/shim.ts';

const seed = Number(process.env['FAULT_SEED'] ?? 1);
const missing = await faultsMissing();

/** How many points of each piece of work, and which case of the list it is. */
const quick: Readonly<Record<string, readonly [string, number]>> = {
  'first install': ['R02', 3],
  update: ['R01', 6],
  'update by two patches, then switch': ['R01', 6],
  rollback: ['R01', 5],
  'cleanup before and after an update': ['R02', 3],
};

describe.skipIf(missing !== null)(`a kill at any moment (seed ${seed}${missing === null ? '' : `; skipped: ${missing}`})`, () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let ground: Ground;

  beforeAll(async () => {
    folder = await tempFolder();
    ground = await openGround(folder.path);
  });

  afterAll(() => folder[Symbol.asyncDispose]());

  for (const scenario of scenarios) {
    const [id, many] = quick[scenario.name] ?? ['R02', 4];
    it(`${id} leaves the old version or the new one, and the same command then finishes: ${scenario.name}`, async () => {
      const stage: Stage = { through: 'engine', ground, scenario, folder: folder.path };
      const chance = seeded(seed);
      const calls = await countCalls(stage);
      const cases = spread(calls.length, many, chance).map((at, i): Case => {
        const what = i % 2 === 0 ? 'before' : 'after';
        const again = { at: 1 + Math.floor(chance() * calls.length), what } as const;
        return { name: `${scenario.name}: ${what} ${at}`, fault: { at, what }, ...(i % 3 === 0 ? { again } : {}) };
      });
      const queue = new PQueue({ concurrency: 2 });
      const tried = await queue.addAll(cases.map((each) => async () => ({ case: each, broken: await tryCase(stage, each) })));
      expect(tried.filter(({ broken }) => broken.length > 0)).toEqual([]);
    });
  }
});
