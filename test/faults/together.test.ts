/** Two commands on one root, and commands that are stopped, killed or interrupted while they hold it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../src/updater/engine/process/serve.ts';
import { quietJob } from '../../src/updater/model/job.ts';
import { tempFolder } from '../folder.ts';
import { command, countCalls, finish, freshRoot, scenarios, wrongAnyTime, wrongAtEnd, type Stage } from './campaign/cases.ts';
import { seeded, spread } from './campaign/choice.ts';
import { openGround, updateRequest, type Ground } from './campaign/ground.ts';
import { faultsMissing, runGroup, runWithFault, signalGroup } from './shim/shim.ts';

const seed = Number(process.env['FAULT_SEED'] ?? 1);
const missing = await faultsMissing();

let folder: Awaited<ReturnType<typeof tempFolder>>;
let ground: Ground;

beforeAll(async () => {
  folder = await tempFolder();
  ground = await openGround(folder.path);
});

afterAll(() => folder[Symbol.asyncDispose]());

function stageOf(name: string, through: Stage['through']): Stage {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return { through, ground, scenario, folder: folder.path };
}

describe('two commands on one root', () => {
  it('R11 one updates, the other waits and then has nothing to do', async () => {
    const stage = stageOf('update', 'command');
    await using root = await freshRoot(stage, 'two');
    const ended = await Promise.all([1, 2].map(() => runGroup(command(stage, root.path))));
    const took = ended.map(({ stdout }) => (/"took": null/.test(stdout) ? 'nothing' : 'an update'));
    expect({ codes: ended.map(({ code }) => code), took: took.toSorted() }).toEqual({ codes: [0, 0], took: ['an update', 'nothing'] });
    expect(await wrongAtEnd(stage, root.path)).toEqual([]);
  });

  it.skipIf(missing !== null)('R11 the lock of a killed one is taken over at once', async () => {
    const stage = stageOf('update', 'engine');
    await using root = await freshRoot(stage, 'stale');
    const killed = await runWithFault(command(stage, root.path), { at: 40, what: 'before' });
    expect(killed.signal).toBe('SIGKILL');
    expect(await serve({ ...updateRequest(root.path, '1.0.1'), waitMs: 0 }, quietJob())).toMatchObject({ kind: 'staged' });
    expect(await wrongAtEnd(stage, root.path)).toEqual([]);
  });

  it.skipIf(missing !== null)('R11 R14 a stopped one keeps its lock, the other says that it is busy, and the first goes on', async () => {
    const stage = stageOf('update', 'engine');
    await using root = await freshRoot(stage, 'stopped');
    const started = Promise.withResolvers<number>();
    const first = runWithFault({ ...command(stage, root.path), onStart: started.resolve }, { at: 40, what: 'stop' });
    const leader = await started.promise;
    await untilStopped(leader);
    const second = serve({ ...updateRequest(root.path, '1.0.1'), waitMs: 200 }, quietJob());
    await expect(second).rejects.toMatchObject({ code: 'disk/busy', failure: { retry: 'soon' } });
    signalGroup(leader, 'SIGCONT');
    expect((await first).code).toBe(0);
    expect(await wrongAtEnd(stage, root.path)).toEqual([]);
  });
});

describe.skipIf(missing !== null)(`Ctrl-C (seed ${seed}${missing === null ? '' : `; skipped: ${missing}`})`, () => {
  for (const what of ['interrupt', 'interrupt parent'] as const) {
    it(`stops an update at any call and breaks nothing: ${what}`, async () => {
      const stage = stageOf('update by two patches, then switch', 'command');
      const calls = await countCalls(stage);
      for (const at of spread(calls.length, 3, seeded(seed))) {
        await using root = await freshRoot(stage, `${what} ${at}`);
        const { code, signal } = await runWithFault(command(stage, root.path), { at, what });
        const broken = [...(await wrongAnyTime(stage, root.path)), ...(await finish(stage, root.path))];
        broken.push(...(await wrongAtEnd(stage, root.path)));
        // What is past its last look at the signal is done.
        expect({ at, end: code === 0 ? 130 : (code ?? signal), broken }).toEqual({ at, end: 130, broken: [] });
      }
    });
  }

  it('at any moment, from before the command can hear it, leaves nothing that the next one stumbles over', async () => {
    const stage = stageOf('update', 'command');
    const chance = seeded(seed);
    for (const atMs of [0, 100, 300].map((ms) => ms + chance() * 60)) {
      await using root = await freshRoot(stage, `at ${atMs}`);
      const onStart = (leader: number): void => void sleep(atMs).then(() => signalGroup(leader, 'SIGINT'));
      const { code, signal } = await runGroup({ ...command(stage, root.path), onStart });
      // A process that cannot listen yet dies of the signal, which a shell calls 130 as well.
      expect([0, 130]).toContain(signal === 'SIGINT' ? 130 : code);
      const broken = [...(await wrongAnyTime(stage, root.path)), ...(await finish(stage, root.path))];
      expect([...broken, ...(await wrongAtEnd(stage, root.path))]).toEqual([]);
    }
  });
});

/** Linux shows the state of a process behind its name. */
async function untilStopped(pid: number): Promise<void> {
  for (let state = ''; state !== 'T'; await sleep(10)) {
    state = /\) (\w)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  }
}
