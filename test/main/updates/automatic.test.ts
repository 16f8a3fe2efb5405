/** Updates that nobody is asked about. */
import { expect, it } from 'vitest';
import { Failed } from '../../../src/updater/model/failure.ts';
import { readKeeping } from '../../../src/updater/install/epoch/snapshot/keeping.ts';
import { timeText } from '../../../src/updater/model/parse.ts';
import { readableSnapshots } from '../../../src/updater/store/records.ts';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, day, hour, minute } from './life/life.ts';

it('R19 an automatic update is prepared in the background and waits until nothing is lost by it, with a minute to say no', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const ready = () => {
    const { update } = life.board().present;
    return update.kind === 'ready' ? { when: update.when, restartAt: update.restartAt } : update.kind;
  };
  await life.ask('prefs/set', { autoUpdate: 'all', bandwidth: 500_000 });
  const requests: unknown[] = [];
  const { ask } = life.engine;
  life.engine.ask = (request, job) => {
    if ('background' in request) requests.push(request.background);
    return ask(request, job);
  };
  life.person.change({ isOnBattery: true });
  await life.release('1.1.0');
  await life.pass(minute);
  expect(life.board().present).toMatchObject({ update: { kind: 'available' }, offer: { waits: 'battery' }, banner: null });
  life.person.change({ isOnBattery: false });
  await life.pass(hour);
  expect(ready()).toEqual({ when: 'away', restartAt: null });
  expect(requests).toEqual([{ bytesPerSecond: 500_000 }]);
  expect(life.ledger().list('update', 1)).toMatchObject([{ by: 'schedule', status: 'done' }]);

  life.busy = ['unsaved'];
  life.person.change({ idleMs: 3 * hour });
  await life.pass(hour);
  expect([ready(), life.restarts()]).toEqual([{ when: 'away', restartAt: null }, 0]);
  life.busy = [];
  life.person.signal('unlocked');
  await life.settle();
  expect(ready()).toEqual({ when: 'away', restartAt: timeText(new Date(life.clock.now().getTime() + minute)) });
  await life.pass(30_000);
  life.person.change({ idleMs: 0 });
  life.person.signal('activity');
  expect([ready(), life.restarts()]).toEqual([{ when: 'away', restartAt: null }, 0]);
  await life.pass(9 * minute);
  life.person.change({ idleMs: 9.5 * minute });
  await life.pass(minute);
  expect(ready()).toEqual({ when: 'away', restartAt: null });
  life.person.change({ idleMs: 10.5 * minute });
  await life.pass(30_000);
  expect(ready()).toEqual({ when: 'away', restartAt: expect.any(String) });
  await life.ask('updates/restart', { when: 'not-now' });
  await life.pass(hour);
  expect([ready(), life.restarts()]).toEqual([{ when: 'not-now', restartAt: null }, 0]);
  await life.ask('updates/restart', { when: 'away' });
  await life.pass(minute);
  expect([ready(), life.restarts()]).toEqual(['restarting', 1]);
  expect(await life.restart()).toMatchObject({ takenBack: null, generation: { version: '1.1.0' } });
  expect(life.person.heard.map(({ code }) => code)).toEqual(['ready', 'restart-soon', 'restart-soon', 'restart-soon']);
});

it('What fails by itself is tried twice more in silence and then told; a person asks and is told at once', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const { ask } = life.engine;
  let failures = 3;
  life.engine.ask = async (request, job) => {
    if (request.kind !== 'update' || failures === 0) return ask(request, job);
    failures -= 1;
    throw new Failed('build/hash', 'the new files did not pass their check');
  };
  const told = () => {
    const { update, offer, notices } = life.board().present;
    return [update.kind, offer?.waits, notices.map((notice) => (notice.kind === 'failed' ? notice.attempts : notice.kind))];
  };
  await life.ask('prefs/set', { autoUpdate: 'all' });
  await life.release('1.1.0');
  await life.pass(minute);
  expect(told()).toEqual(['available', 'failed', []]);
  await life.pass(6 * hour);
  expect([told(), failures]).toEqual([['available', 'failed', []], 1]);
  await life.pass(6 * hour);
  expect([told(), failures]).toEqual([['failed', 'failed', [3]], 0]);
  await life.pass(12 * hour);
  expect(told()).toEqual(['available', 'failed', [3]]);
  failures = 1;
  await life.ask('updates/retry', { version: '1.1.0' });
  await life.settle();
  expect(told()).toEqual(['failed', 'failed', [1]]);
  await life.ask('updates/decide', { version: '1.1.0', decision: 'now' });
  await life.settle();
  expect(told()).toEqual(['ready', null, [1]]);
  expect(
    life
      .ledger()
      .list('update', 10)
      .map(({ by, status }) => [by, status]),
  ).toEqual([
    ['user', 'done'],
    ['user', 'failed'],
    ['schedule', 'failed'],
    ['schedule', 'failed'],
    ['schedule', 'failed'],
    [null, 'done'],
  ]);
});

it('snapshots make themselves as often as was set, and as many stay as were asked for', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const kinds = async () => (await readableSnapshots(life.place.instance.snapshots)).map(({ kind }) => kind);
  await life.pass(3 * day);
  expect(await kinds()).toEqual([]);
  await life.ask('prefs/set', { scheduledSnapshots: 'daily', keepSnapshots: 2, keepAbandonedDays: 7 });
  await life.pass(minute);
  expect(await kinds()).toEqual(['scheduled']);
  await life.pass(12 * hour);
  expect(await kinds()).toHaveLength(1);
  await life.pass(2 * day);
  expect(await kinds()).toEqual(['scheduled', 'scheduled']);
  expect(life.ledger().list('snapshot', 9)).toMatchObject([{ by: 'schedule', status: 'done' }, { status: 'done' }, { status: 'done' }]);
  expect(await readKeeping(life.place.instance)).toEqual({ snapshots: 2, abandonedDays: 7 });
});
