/** A version on its way to the machine, and everything that comes in between. */
import { randomBytes } from 'node:crypto';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { withdrawRelease } from '../../../build/release/publish/change.ts';
import { listGenerations, stagedGeneration } from '../../../src/updater/install/generations.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { askEngine } from '../../../src/updater/engine/process/client.ts';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, hour, minute, programOf, well, type Life } from './life/life.ts';

const large = () => ({ ...programOf(well), bytes: randomBytes(2_000_000) });

/** Does something once, at the first byte of the next download. */
function atDownload(life: Life, act: () => void): void {
  const { ask } = life.engine;
  let isDone = false;
  life.engine.ask = (request, job) =>
    ask(request, {
      signal: job.signal,
      report: (progress) => {
        job.report(progress);
        if (isDone || request.kind !== 'update' || progress.step !== 'download') return;
        isDone = true;
        life.engine.ask = ask;
        act();
      },
    });
}

async function offer(life: Life, version: string): Promise<void> {
  await life.release(version, {}, large());
  await life.ask('updates/check', {});
}

const now = (version: string) => ({ version, decision: 'now' }) as const;

describe('A version that is being prepared', () => {
  it('is paused and goes on, is given up for a day, and is not doubled by a second word', async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    await offer(life, '1.1.0');
    const asked: Promise<unknown>[] = [];
    atDownload(life, () => asked.push(life.ask('updates/pause', {})));
    await life.ask('updates/decide', now('1.1.0'));
    await life.settle();
    await Promise.all(asked);
    expect(life.board().present).toMatchObject({ update: { kind: 'preparing', isPaused: true }, notices: [], banner: null });
    await life.pass(2 * minute);
    expect(life.board().present.update).toMatchObject({ kind: 'preparing', isPaused: true });
    await expect(life.ask('updates/pause', {})).rejects.toThrow('usage/wrong');
    await life.ask('updates/resume', {});
    await life.settle();
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.1.0' });
    await expect(life.ask('updates/cancel', {})).rejects.toThrow('usage/wrong');

    await offer(life, '1.2.0');
    atDownload(life, () => asked.push(life.ask('updates/decide', now('1.2.0')), life.ask('updates/cancel', {})));
    await life.ask('updates/decide', now('1.2.0'));
    await life.settle();
    await Promise.all(asked);
    expect(life.board().present).toMatchObject({ update: { kind: 'ready', version: '1.1.0' }, offer: { decision: { kind: 'later' } } });
    expect(await stagedGeneration(life.place.instance)).toMatchObject({ version: '1.1.0' });
    const statuses = life
      .ledger()
      .list('update', 10)
      .map(({ to, status }) => `${to} ${status}`);
    expect(statuses.toReversed()).toEqual(['1.0.0 done', '1.1.0 cancelled', '1.1.0 done', '1.2.0 cancelled']);
  });

  it('is given up when it is put off, and holds up no timer while it takes its time', async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    await offer(life, '1.1.0');
    const { ask } = life.engine;
    life.engine.ask = (request, { signal, report }) =>
      request.kind === 'update'
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
        : ask(request, { signal, report });
    await life.ask('updates/decide', now('1.1.0'));
    for (let i = 0; i < 12; i += 1) {
      life.clock.goTo(life.clock.monotonicMs() + hour);
      await sleep(10);
      expect((life.clock.nextMs() ?? 0) - life.clock.monotonicMs()).toBeGreaterThan(minute);
    }
    expect(life.board().present.update.kind).toBe('preparing');
    await life.ask('updates/decide', { version: '1.1.0', decision: 'later', hours: 72 });
    // The check that fell due meanwhile is made now.
    await life.settle();
    expect(life.board().present).toMatchObject({ update: { kind: 'available' }, offer: { decision: { kind: 'later' } }, notices: [] });
    expect(life.ledger().list('update', 1)).toMatchObject([{ status: 'cancelled' }]);
  });

  it('R14 R11 survives a network that goes away, an engine that is killed, and somebody who updates at the same time', async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    await offer(life, '1.1.0');
    atDownload(
      life,
      () =>
        void life.server
          .stop()
          .then(() => sleep(300))
          .then(() => life.server.start()),
    );
    await life.ask('updates/decide', now('1.1.0'));
    await life.settle();
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.1.0' });

    await offer(life, '1.2.0');
    if (process.platform === 'linux')
      atDownload(life, () => void childrenOf(process.pid).then((pids) => pids.forEach((pid) => process.kill(pid, 'SIGKILL'))));
    await life.ask('updates/decide', now('1.2.0'));
    await life.settle();
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.2.0' });

    await offer(life, '1.3.0');
    const { layout, instance } = life.place;
    const where = { root: layout.root, instance: instance.name, now: life.clock.now().toISOString() };
    const request = { kind: 'update', ...where, from: null, to: '1.3.0', dryRun: false, withoutPatches: false } as const;
    const [other] = await Promise.all([askEngine(request, quietJob()), life.ask('updates/decide', now('1.3.0')).then(life.settle)]);
    expect(other).toMatchObject({ kind: 'staged', generation: { version: '1.3.0' } });
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.3.0' });
    const made = (await listGenerations(instance)).filter(({ version }) => version === '1.3.0');
    expect(made).toHaveLength(1);
  });

  it('R20 is not installed when its publisher takes it back, before, during or after; a running one is offered the way back', async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    const withdraw = (version: string) =>
      withdrawRelease(
        { version, channel: 'stable', target: null, reason: 'it loses notes' },
        { ...life.publisher, now: life.clock.now() },
        quietJob(),
      );
    await offer(life, '1.1.0');
    const gone: Promise<unknown>[] = [];
    atDownload(life, () => gone.push(withdraw('1.1.0')));
    await life.ask('updates/decide', now('1.1.0'));
    await life.settle();
    await Promise.all(gone);
    expect(life.board().present).toMatchObject({
      update: { kind: 'failed', failure: { code: 'check/no-such-version' } },
      notices: [{ kind: 'failed' }],
    });
    expect(await life.ask('updates/check', {})).toEqual({ kind: 'none', version: '1.0.0' });

    await offer(life, '1.2.0');
    await life.ask('updates/decide', now('1.2.0'));
    await life.settle();
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.2.0' });
    await withdraw('1.2.0');
    await life.ask('updates/check', {});
    expect(life.board().present).toMatchObject({ update: { kind: 'idle' }, offer: null, banner: null });
    expect(await life.restart()).toMatchObject({ generation: { version: '1.0.0' } });

    await offer(life, '1.3.0');
    await life.ask('updates/decide', now('1.3.0'));
    await life.settle();
    await life.restart();
    await withdraw('1.3.0');
    await life.pass(minute);
    expect(life.board().present.banner).toEqual({ kind: 'recalled', version: '1.3.0', back: '1.0.0' });
  });
});

it.runIf(process.platform === 'linux')(
  'R11 a program that is killed while it prepares goes on where it was when it is started again',
  async () => {
    await using folder = await tempFolder();
    await using life = await beginLife(folder.path);
    await offer(life, '1.1.0');
    await life.close();
    const script = fileURLToPath(new URL('life/preparing-process.ts', import.meta.url));
    const child = fork(script, [life.place.layout.root], { execArgv: [] });
    await once(child, 'message');
    const engines = await childrenOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(engines).toHaveLength(1);
    expect(await stagedGeneration(life.place.instance)).toBeNull();
    await life.restart();
    await life.settle();
    expect(life.ledger().list('update', 2)).toMatchObject([
      { to: '1.1.0', status: 'done', by: 'user' },
      { to: '1.1.0', status: 'cut', by: 'user' },
    ]);
    expect(life.board().present.update).toMatchObject({ kind: 'ready', version: '1.1.0' });
    expect(await life.restart()).toMatchObject({ generation: { version: '1.1.0' }, takenBack: null });
  },
);

/** The processes that another one started and that still run; Linux tells. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
