/** R07, R09: ten kinds of bad releases, each in two shapes, with real processes: the verdict, and the way back. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEpoch } from '../../../src/updater/install/epoch/record.ts';
import { lastFailure, versionsOnHold } from '../../../src/updater/install/checks/hold.ts';
import { tempFolder } from '../../ground/folder.ts';
import { linesOf, openGoodPlace, well, type Fields } from './fixture.ts';

interface Bad {
  readonly script: string;
  readonly failure: string;
  readonly starts: number;
  readonly fields?: Fields;
  readonly stageMs?: number;
}

const ready = 'said loaded; said config; said database; said service; said ready';
const migrates = { dataVersion: 1, data: { migrations: [1] } };
const shapes: Readonly<Record<string, Bad>> = {
  'exits at once with a code': { script: 'exit 3', failure: 'start/failed', starts: 1 },
  'crashes at once': { script: 'kill -SEGV $$', failure: 'start/failed', starts: 1 },
  'hangs from the start': { script: 'wait_to_end', failure: 'start/slow', starts: 2, stageMs: 150 },
  'hangs half-way': { script: 'said loaded; said config; wait_to_end', failure: 'start/slow', starts: 2, stageMs: 150 },
  'exits with 0 before it is healthy': { script: 'said loaded; exit 0', failure: 'start/failed', starts: 1 },
  'exits with 0 while its health is watched': { script: `${ready}; exit 0`, failure: 'start/failed', starts: 1 },
  'ends by itself after some time': { script: `${ready}; sleep 0.1; exit 9`, failure: 'start/failed', starts: 1 },
  'crashes after some time': { script: `${ready}; sleep 0.1; kill -ABRT $$`, failure: 'start/failed', starts: 1 },
  'becomes healthy too late': { script: `sleep 3; ${well}`, failure: 'start/slow', starts: 2, stageMs: 150 },
  'is too late with its last stage': { script: `said service; sleep 3; ${well}`, failure: 'start/slow', starts: 2, stageMs: 150 },
  'fails only the second time, after its user quit': {
    script: `${ready}; if [ $(starts) = 1 ]; then quit user; exit 0; fi; exit 1`,
    failure: 'start/failed',
    starts: 2,
  },
  'fails only the second time, after it was killed': {
    script: `${ready}; if [ $(starts) = 1 ]; then kill -KILL $$; fi; exit 1`,
    failure: 'start/failed',
    starts: 2,
  },
  'has no interpreter': { script: '', fields: { program: '#!/nowhere/at-all\n' }, failure: 'start/failed', starts: 0 },
  'is no program of this machine': {
    script: '',
    fields: { program: Buffer.from('\x7fELF\x02\x01\x01 cut off') },
    failure: 'start/failed',
    starts: 0,
  },
  'finds its data empty': {
    script: `said loaded; : > "$MOULT_EPOCH/data/notes"; [ -s "$MOULT_EPOCH/data/notes" ] || tell '{"unhealthy":"no notes"}'; wait_to_end`,
    failure: 'start/failed',
    starts: 1,
  },
  'finds later that its data is empty': {
    script: `${ready}; sleep 0.05; tell '{"unhealthy":"no notes any more"}'; wait_to_end`,
    failure: 'start/failed',
    starts: 1,
  },
  'fails its migration': { script: well, fields: { ...migrates, migrate: 'exit 1' }, failure: 'start/failed', starts: 0 },
  'is killed in its migration': { script: well, fields: { ...migrates, migrate: 'kill -KILL $$' }, failure: 'start/failed', starts: 0 },
  'throws in 60 % of its requests': {
    script: `${ready}; tell '{"requests":100,"errors":60}'; wait_to_end`,
    failure: 'start/failed',
    starts: 1,
  },
  'throws more and more': {
    script: `${ready}; tell '{"requests":20,"errors":2}'; tell '{"requests":50,"errors":30}'; wait_to_end`,
    failure: 'start/failed',
    starts: 1,
  },
};

describe.concurrent('R07 R09 a bad release is taken back, started at most three times, and held', () => {
  it.each(Object.entries(shapes))('R07 one that %s', async (_, { script, fields, failure, starts, stageMs = 10_000 }) => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const staged = await place.stage(await place.version('1.1.0', script, fields));
    let ending = await place.start({ patience: { stageMs } });
    if (ending.takenBack === null) ending = await place.start({ patience: { stageMs } });
    const started = await place.starts();
    const found = {
      exitCode: ending.exitCode,
      current: await place.current(),
      bad: (await place.all()).at(-1),
      badStarts: started.filter((version) => version === '1.1.0').length,
      lastStart: started.at(-1),
      notes: await linesOf(join(place.instance.epochs, '1', 'data', 'notes')),
      held: (await versionsOnHold(place.instance, new Date())).map((held) => held.version),
    };
    expect(found).toMatchObject({
      exitCode: 7,
      current: { n: 1, state: 'good', epoch: 1 },
      bad: { n: staged.n, state: 'bad', failure: { code: failure } },
      badStarts: starts,
      lastStart: '1.0.0',
      notes: ['first', '1.0.0'],
      held: ['1.1.0'],
    });
    const wasSwitched = found.bad?.epoch !== 1;
    expect((await readEpoch(place.instance, found.bad?.epoch ?? 0))?.state).toBe(wasSwitched ? 'abandoned' : 'live');
    expect(await lastFailure(place.instance)).toMatchObject({ version: '1.1.0', failure: { code: failure } });
    expect(await place.start()).toMatchObject({ exitCode: 0, takenBack: null, generation: { n: 1 } });
    expect((await place.starts()).filter((version) => version === '1.1.0').length).toBe(starts);
  });
});
