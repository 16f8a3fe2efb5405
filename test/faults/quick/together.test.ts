/** Two commands on one root, and commands that are stopped, killed or interrupted while they hold it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { serve } from '../../../src/updater/engine/process/serve.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { command, countCalls, finish, freshRoot } from '../campaign/cases.ts';
import { seeded, spread } from '../campaign/choice.ts';
import { updateRequest } from '../campaign/ground.ts';
import { runGroup, runWithFault, signalGroup } from '../shim/shim.ts';
import { missing, openStages, seed, words } from './stages.ts';

const stageOf = openStages({ isWithData: false });

describe('two commands on one root', () => {
  it('R11 one updates, the other waits and then has nothing to do', async () => {
    const stage = stageOf('update', 'command');
    await using root = await freshRoot(stage, 'two');
    const ended = await Promise.all([1, 2].map(() => runGroup(command(stage, root.path))));
    const took = ended.map(({ stdout }) => (/"took": null/.test(stdout) ? 'nothing' : 'an update'));
    expect({ codes: ended.map(({ code }) => code), took: took.toSorted() }).toEqual({ codes: [0, 0], took: ['an update', 'nothing'] });
    expect(await stage.scenario.wrongAtEnd(root.path, true)).toEqual([]);
  });

  it.skipIf(missing !== null)('R11 the lock of a killed one is taken over at once', async () => {
    const stage = stageOf('update', 'engine');
    await using root = await freshRoot(stage, 'stale');
    const killed = await runWithFault(command(stage, root.path), { at: 40, what: 'before' });
    expect(killed.signal).toBe('SIGKILL');
    expect(await serve({ ...updateRequest(root.path, '1.0.1'), waitMs: 0 }, quietJob())).toMatchObject({ kind: 'staged' });
    expect(await stage.scenario.wrongAtEnd(root.path, true)).toEqual([]);
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
    expect(await stage.scenario.wrongAtEnd(root.path, true)).toEqual([]);
  });
});

describe.skipIf(missing !== null)(`Ctrl-C ${words}`, () => {
  for (const what of ['interrupt', 'interrupt parent'] as const) {
    it(`stops an update at any call and breaks nothing: ${what}`, async () => {
      const stage = stageOf('update by two patches, then switch', 'command');
      const calls = await countCalls(stage);
      for (const at of spread(calls.length, 3, seeded(seed))) {
        await using root = await freshRoot(stage, `${what} ${at}`);
        const { code, signal } = await runWithFault(command(stage, root.path), { at, what });
        const broken = [...(await stage.scenario.wrongAnyTime(root.path)), ...(await finish(stage, root.path))];
        broken.push(...(await stage.scenario.wrongAtEnd(root.path, true)));
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
      const broken = [...(await stage.scenario.wrongAnyTime(root.path)), ...(await finish(stage, root.path))];
      expect([...broken, ...(await stage.scenario.wrongAtEnd(root.path, true))]).toEqual([]);
    }
  });
});

/** Linux shows the state of a process behind its name. */
async function untilStopped(pid: number): Promise<void> {
  for (let state = ''; state !== 'T'; await sleep(10)) {
    state = /\) (\w)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
  }
}
