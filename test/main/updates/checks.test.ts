/** When the service asks, what it says to whoever asked, and what it keeps to itself. */
import { expect, it } from 'vitest';
import { Failed } from '../../../src/updater/model/failure.ts';
import { tempFolder } from '../../ground/folder.ts';
import { beginLife, day, hour, minute, type Life } from './life/life.ts';

/** Counts checks, and lets them fail while `failure` is set. */
function watchChecks(life: Life): { count: number; failure: Failed | null } {
  const seen: { count: number; failure: Failed | null } = { count: 0, failure: null };
  const { ask } = life.engine;
  life.engine.ask = async (request, job) => {
    if (request.kind !== 'check') return ask(request, job);
    seen.count += 1;
    if (seen.failure !== null) throw seen.failure;
    return ask(request, job);
  };
  return seen;
}

it("E1 a storm of reconnections brings one check in half an hour, a person's question raises what is under way, and silence lasts a day", async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const checks = watchChecks(life);
  const storm = async (): Promise<void> => {
    for (let i = 0; i < 200; i += 1) {
      life.person.signal(i % 2 === 0 ? 'offline' : 'online');
      life.person.signal('resume');
      await life.pass(1000);
    }
  };
  await life.pass(minute);
  await storm();
  expect(checks.count).toBe(1);
  await life.pass(30 * minute);
  expect(checks.count).toBe(2);
  await storm();
  expect(checks.count).toBe(2);

  const [first, second] = await Promise.all([life.ask('updates/check', {}), life.ask('updates/check', {})]);
  expect([first, second, checks.count]).toEqual([{ kind: 'none', version: '1.0.0' }, { kind: 'none', version: '1.0.0' }, 3]);

  checks.failure = new Failed('fetch/refused', 'HTTP 503', { retryAfterMs: 12 * hour });
  expect(await life.ask('updates/check', {})).toMatchObject({ kind: 'failed', failure: { code: 'fetch/refused' } });
  expect(life.board().present).toMatchObject({
    update: { kind: 'idle' },
    notices: [],
    about: { lastCheck: { failure: { code: 'fetch/refused' } } },
  });
  const before = checks.count;
  await life.pass(11 * hour);
  life.person.signal('online');
  await life.pass(minute);
  expect(checks.count).toBe(before);
  checks.failure = new Failed('check/offline', 'nobody is there');
  await life.pass(hour);
  expect([checks.count, life.board().present.notices]).toEqual([before + 1, []]);
  await life.pass(12 * hour);
  expect(life.board().present.notices).toMatchObject([{ kind: 'failed', version: null, failure: { code: 'check/offline' } }]);
  checks.failure = null;
  life.person.signal('online');
  await life.pass(31 * minute);
  expect(life.board().present.notices).toEqual([]);
});

it('R14 a machine that slept, and a clock that was set wrong, lead to one check and to no jump in urgency', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const checks = watchChecks(life);
  await life.release('1.1.0');
  await life.pass(minute);
  life.clock.sleep(8 * hour);
  life.person.signal('resume');
  await life.settle();
  expect(checks.count).toBe(2);
  const right = life.clock.now();
  life.clock.set(new Date(right.getTime() + 3650 * day));
  await life.pass(hour);
  expect(life.board().present.banner).toMatchObject({ level: 'yellow' });
  expect(await life.ask('updates/check', {})).toMatchObject({ kind: 'stale' });
  const counted = checks.count;
  await life.pass(5 * hour);
  expect([checks.count - counted, life.board().present.banner]).toMatchObject([0, { level: 'yellow' }]);
  life.clock.set(new Date(right.getTime() - 3650 * day));
  await life.pass(30 * minute);
  life.person.signal('unlocked');
  await life.settle();
  expect(life.board().present.banner).toMatchObject({ level: 'subtle', ageDays: 0 });
  life.clock.set(new Date(right.getTime() + 12 * hour));
  await life.pass(hour);
  expect(await life.ask('updates/check', {})).toMatchObject({ kind: 'available' });
  expect(life.board().present.banner).toMatchObject({ level: 'subtle' });
});
