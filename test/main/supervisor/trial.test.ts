/** Trials with real processes: good releases under bad conditions, clocks that lie, and supervisors that are killed. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { versionsOnHold } from '../../../src/updater/install/checks/hold.ts';
import { epochFolder, readEpoch } from '../../../src/updater/install/epoch/record.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { tempFolder } from '../../ground/folder.ts';
import { endLeftovers, linesOf, openGoodPlace, openPlace, quits, well, type Place } from './fixture.ts';

/** Stages, half a second of health, then its user quits: it has proven itself by then. */
const provesItself = well.replace('wait_to_end', 'sleep 0.7; quit user; exit 0');
const stagesOnly = 'said loaded; said config; said database; said service; said ready';

describe.concurrent('a good release', () => {
  it('becomes good and stays, with its own exit code, in a clone of the data', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', provesItself.replace('exit 0', 'exit 5')));
    expect(await place.start()).toMatchObject({ exitCode: 5, takenBack: null, generation: { n: 2, state: 'good' } });
    expect(await place.current()).toMatchObject({ n: 2, version: '1.1.0', state: 'good', epoch: 2, triesLeft: 2 });
    expect(await notesOf(place, 2)).toEqual(['first', '1.1.0']);
    expect(place.news.map(({ kind }) => kind)).toEqual(['switched', 'started', 'ready', 'good']);
  });

  it('ends with its verdict when only that was wanted', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', well));
    expect(await place.start({ wish: { until: 'verdict' } })).toMatchObject({ exitCode: 0, generation: { state: 'good' } });
    expect(await place.start({ wish: { until: 'verdict' } })).toMatchObject({ exitCode: 0 });
    expect(await place.starts()).toEqual(['1.1.0']);
  });

  it('R21 whose user quits at once keeps all its tries, however often', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', quits));
    for (const _ of [1, 2, 3, 4]) expect(await place.start()).toMatchObject({ exitCode: 0, takenBack: null });
    expect(await place.current()).toMatchObject({ n: 2, state: 'trying', triesLeft: 3 });
    expect(await versionsOnHold(place.instance, new Date())).toEqual([]);
  });

  it('R21 that never paints, on a slow disk, below the limit in every stage, becomes good', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const slow = 'for s in loaded config database service ready; do sleep 0.3; said $s; done; sleep 0.7; quit user; exit 0';
    await place.stage(await place.version('1.1.0', slow));
    await place.start({ patience: { stageMs: 1500 } });
    expect(await place.current()).toMatchObject({ n: 2, state: 'good' });
  });

  it('R21 that is too slow once is tried again with more time', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', `[ $(starts) = 1 ] && sleep 9; ${provesItself}`));
    await place.start({ patience: { stageMs: 700, slowFactor: 10 } });
    expect(await place.current()).toMatchObject({ n: 2, state: 'good', triesLeft: 1 });
    expect(await place.starts()).toEqual(['1.1.0', '1.1.0']);
  });

  it('R14 R21 is not slow because the machine slept', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', `sleep 1; ${provesItself}`));
    let slept = 0;
    const clock = { now: () => performance.now() + slept, wall: () => new Date() };
    const started = place.start({ clock, patience: { stageMs: 10_000 } });
    await until(async () => (await place.starts()).length === 1);
    await sleep(100);
    slept = 3_600_000;
    await started;
    expect([slept, (await place.current())?.state, (await place.starts()).length]).toEqual([3_600_000, 'good', 1]);
  });

  it('R21 is not held against when the session ends', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', `${stagesOnly}; kill -TERM $$; sleep 5`));
    const stopping = new AbortController();
    const started = place.start({ job: { ...quietJob(), signal: stopping.signal }, patience: { settleMs: 20_000 } });
    await until(async () => (await place.starts()).length === 1);
    setTimeout(() => stopping.abort(), 200);
    expect([(await started).exitCode, await place.current()]).toMatchObject([143, { n: 2, state: 'trying', triesLeft: 3 }]);
  });

  it('is told to end when its supervisor is', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', well));
    const stopping = new AbortController();
    const job = { ...quietJob(), signal: stopping.signal };
    const started = place.start({ job, patience: { healthyMs: 60_000 } });
    await until(async () => (await notesOf(place, 2)).length === 2);
    stopping.abort();
    expect(await started).toMatchObject({ exitCode: 143, generation: { triesLeft: 3 } });
  });

  it('never outlives a supervisor that cannot go on', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const blinds = well.replace('said ready', 'rm "$MOULT_HEALTH"; mkdir "$MOULT_HEALTH"');
    await place.stage(await place.version('1.1.0', blinds));
    await expect(place.start()).rejects.toThrow('EISDIR');
    const [pid] = await linesOf(join(folder.path, 'pids'));
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });

  it.each([-10, 10])(
    'R12 proves itself though the clock is set by %i years during its trial, and a failed one stays held',
    async (years) => {
      await using folder = await tempFolder();
      const place = await openGoodPlace(folder.path);
      let turned = 0;
      const wall = (): Date => new Date(Date.now() + turned * years * 365 * 86_400_000);
      const clock = { now: () => performance.now(), wall };
      setTimeout(() => (turned = 1), 150);
      await place.stage(await place.version('1.1.0', provesItself));
      await place.start({ clock });
      expect([turned, await place.current()]).toMatchObject([1, { n: 2, state: 'good' }]);
      await place.stage(await place.version('1.2.0', 'exit 1'));
      await place.start({ clock });
      expect((await versionsOnHold(place.instance, wall())).map(({ version, until }) => [version, until])).toEqual([['1.2.0', null]]);
    },
  );
});

describe.concurrent('a start', () => {
  const leavesForANewStart = `tell '{"quitting":"user","again":true}'; exit 0`;

  it('is made anew when its program leaves with that wish, and switches to what waits by then', async () => {
    await using folder = await tempFolder();
    const waits = 'while [ ! -e "$MOULT_ROOT/staged" ]; do sleep 0.05; done';
    const place = await openGoodPlace(folder.path, `${stagesOnly}; ${waits}; ${leavesForANewStart}`);
    const started = place.start();
    await until(async () => (await place.starts()).length === 1);
    await place.stage(await place.version('1.1.0', quits));
    await writeFile(join(folder.path, 'staged'), '');
    expect(await started).toMatchObject({ exitCode: 0, takenBack: null, generation: { n: 2, state: 'trying', triesLeft: 3 } });
    expect(await place.starts()).toEqual(['1.0.0', '1.1.0']);
  });

  it('is not made anew for a program that was never ready, nor when this side is to end', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path, `said loaded; ${leavesForANewStart}`);
    expect(await place.start()).toMatchObject({ exitCode: 0 });
    const stopping = new AbortController();
    await place.stage(
      await place.version('1.1.0', `${stagesOnly}; trap '${leavesForANewStart.replaceAll("'", `'"'"'`)}' TERM; sleep 9 & wait`),
    );
    const started = place.start({ job: { ...quietJob(), signal: stopping.signal } });
    await until(async () => (await place.starts()).length === 2);
    setTimeout(() => stopping.abort(), 300);
    await started;
    expect(await place.starts()).toEqual(['1.0.0', '1.1.0']);
  });

  it('by its own wish during a trial uses no try', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', `${stagesOnly}; [ $(starts) = 1 ] && { ${leavesForANewStart}; }; quit user; exit 0`));
    expect(await place.start({ patience: { healthyMs: 60_000 } })).toMatchObject({ generation: { n: 2, state: 'trying', triesLeft: 3 } });
    expect(await place.starts()).toEqual(['1.1.0', '1.1.0']);
  });

  it('R23 keeps what was written during a trial that is taken back', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', `${stagesOnly}; echo 'during the trial' >> "$MOULT_EPOCH/data/notes"; exit 1`));
    await place.start();
    const epoch = (await place.all()).at(-1)?.epoch ?? 0;
    expect([await notesOf(place, epoch), await notesOf(place, 1)]).toEqual([
      ['first', 'during the trial'],
      ['first', '1.0.0'],
    ]);
    expect(await readEpoch(place.instance, epoch)).toMatchObject({ state: 'abandoned' });
  });

  it('R07 R09 goes back after three starts that were killed, and counts them on disk before each', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const seen = 'grep -o \'"triesLeft":[0-9]\' "$MOULT_ROOT/instances/default/generations/2.json" >> "$MOULT_ROOT/seen"';
    await place.stage(await place.version('1.1.0', `${seen}; kill -KILL $$`));
    for (const _ of [1, 2, 3]) expect((await place.start()).exitCode).toBe(137);
    expect(await place.start()).toMatchObject({ exitCode: 7, takenBack: { code: 'start/failed' } });
    expect(await place.starts()).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.0.0']);
    expect(await linesOf(join(folder.path, 'seen'))).toEqual(['"triesLeft":2', '"triesLeft":1', '"triesLeft":0']);
  });

  it.each(['staged', 'trying', 'ready'])('R07 finishes what a supervisor began that was killed: %s', async (stage) => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const manifest = await place.version('1.1.0', `[ ${stage} = trying ] && [ $(starts) = 1 ] && exec sleep 60; ${well}`);
    await place.stage(manifest);
    const supervisor = runSupervisor(folder.path);
    if (stage === 'trying') await until(async () => (await place.starts()).length === 1);
    if (stage === 'ready') await until(async () => (await notesOf(place, 2)).includes('1.1.0'));
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    const after = await place.start({ wish: { until: 'verdict' } });
    await endLeftovers(folder.path);
    expect(after).toMatchObject({ exitCode: 0, generation: { n: 2, version: '1.1.0', state: 'good' } });
    expect((await notesOf(place, 2))[0] ?? (await notesOf(place, 3))[0]).toBe('first');
  });

  it('writes down a way back that was cut off after its pointer', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', 'kill -KILL $$'));
    await place.start();
    await writeFile(place.instance.pointer, '{"generation":1}\n');
    expect((await place.start()).exitCode).toBe(0);
    expect((await place.all()).at(-1)).toMatchObject({ state: 'bad', failure: { code: 'start/failed' } });
  });

  it.each(['', '{"gener', '{"generation":77}\n', null])('works with a pointer that is %j', async (text) => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    if (text === null) await rm(place.instance.pointer);
    else await writeFile(place.instance.pointer, text);
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { n: 1, version: '1.0.0' } });
    expect(place.news[0]?.kind).toBe('recovered');
  });

  it('works when the record of what runs is damaged and another version is whole', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', provesItself));
    await place.start();
    await truncate(join(place.instance.generations, '2.json'), 20);
    const { exitCode, generation } = await place.start();
    expect([exitCode, generation.state, place.news.some(({ kind }) => kind === 'recovered')]).toEqual([0, 'good', true]);
  });

  it('does not switch to a version with a flipped byte, and runs the present one', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const { treeDigest } = await place.stage(await place.version('1.1.0', well));
    const program = join(place.layout.versions, `1.1.0-${treeDigest.slice(0, 8)}`, 'app');
    await writeFile(program, (await readFile(program, 'utf8')).replace('loaded', 'lOaded'));
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { n: 1 } });
    expect(await place.starts()).toEqual(['1.0.0']);
  });

  it('tells three short ends of a good version and lets the next start be', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path, '[ -z "$MOULT_SAFE" ] || { quit user; exit 0; }; exit 9');
    for (const _ of [1, 2, 3]) expect((await place.start({ patience: { healthyMs: 60_000 } })).exitCode).toBe(9);
    await expect(place.start()).rejects.toMatchObject({ code: 'start/unstable' });
    expect((await place.start({ patience: { healthyMs: 60_000 } })).exitCode).toBe(9);
    expect((await place.start({ wish: { isSafe: true } })).exitCode).toBe(0);
    expect((await place.start({ patience: { healthyMs: 60_000 } })).exitCode).toBe(9);
  });

  it('of a first version that fails says so, and tries it again when asked', async () => {
    await using folder = await tempFolder();
    const place = await openPlace(folder.path);
    await place.stage(await place.version('1.0.0', `[ $(starts) -lt 3 ] && exit 1; ${provesItself}`));
    await expect(place.start()).rejects.toMatchObject({ code: 'start/unstable' });
    await expect(place.start()).rejects.toMatchObject({ code: 'start/unstable' });
    expect(await place.start()).toMatchObject({ exitCode: 0, generation: { n: 1, state: 'good' } });
  });

  it('leaves content as it was: good with the switch, and nothing to start', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    await place.stage(await place.version('1.1.0', '', { entry: null }));
    await expect(place.start()).rejects.toMatchObject({ code: 'start/no-entry' });
    expect(await place.current()).toMatchObject({ n: 2, state: 'good', epoch: 1 });
  });

  it('waits for the one that runs', async () => {
    await using folder = await tempFolder();
    const place = await openGoodPlace(folder.path);
    const [first, second] = await Promise.all([place.start(), place.start()]);
    expect([first.exitCode, second.exitCode, await place.starts()]).toEqual([0, 0, ['1.0.0', '1.0.0']]);
  });
});

function notesOf({ instance }: Place, epoch: number): Promise<readonly string[]> {
  return linesOf(join(epochFolder(instance, epoch), 'data', 'notes'));
}

function runSupervisor(root: string): ChildProcess {
  return fork(fileURLToPath(new URL('supervisor-process.ts', import.meta.url)), [root], { stdio: 'ignore', execArgv: [] });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it never became so');
    await sleep(20);
  }
}
