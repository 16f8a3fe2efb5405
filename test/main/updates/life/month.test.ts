/** Thirty days of somebody's life with updates. */
import { expect, it } from 'vitest';
import { tempFolder } from '../../../ground/folder.ts';
import { beginLife, day, fails, hour, minute, programOf, type Life } from './life.ts';

/** Eight hours at the machine; then it sleeps until the next morning, when the publisher has signed anew. */
async function live(life: Life, days: number): Promise<void> {
  for (let i = 0; i < days; i += 1) {
    await life.pass(8 * hour);
    life.clock.sleep(16 * hour);
    await life.renew();
    life.person.signal('resume');
    await life.settle();
  }
}

/** Nobody is there until the machine has restarted by itself. */
async function leaveAlone(life: Life): Promise<void> {
  const before = life.restarts();
  life.person.change({ idleMs: hour });
  await life.pass(hour);
  life.person.change({ idleMs: 0 });
  expect(life.restarts()).toBe(before + 1);
}

function seen({ board }: Life) {
  const { update, offer, banner, about } = board().present;
  const level = banner?.kind === 'offer' ? banner.level : (banner?.kind ?? null);
  return { state: update.kind, offer: offer?.version ?? null, level, failure: about.lastCheck?.failure?.code ?? null };
}

it('R14 R19 thirty days with updates put off, skipped, taken by themselves, failed, and urgent, with storms, sleep and a wrong clock', async () => {
  await using folder = await tempFolder();
  await using life = await beginLife(folder.path);
  const beganAt = life.clock.now().getTime();
  const today = (): number => Math.floor((life.clock.now().getTime() - beganAt) / day);

  // Found and put off for a day; then skipped, and its successor comes all the same.
  await life.release('1.1.0');
  await life.pass(minute);
  expect(seen(life)).toEqual({ state: 'available', offer: '1.1.0', level: 'subtle', failure: null });
  await life.ask('updates/decide', { version: '1.1.0', decision: 'later' });
  await life.pass(7 * hour);
  expect(seen(life).level).toBeNull();
  await live(life, 1);
  expect(seen(life).level).toBe('subtle');
  await life.ask('updates/decide', { version: '1.1.0', decision: 'skip' });
  await live(life, 2);
  expect(seen(life)).toMatchObject({ state: 'idle', level: null });
  await life.release('1.2.0');
  await live(life, 1);
  expect(seen(life)).toMatchObject({ state: 'available', offer: '1.2.0', level: 'subtle' });
  await life.ask('banner/dismiss', {});

  // A network that comes and goes all day.
  const checks = () => life.ledger().list('check', 1000).length;
  const before = checks();
  for (let i = 0; i < 120; i += 1) {
    life.person.signal(i % 2 === 0 ? 'offline' : 'online');
    await life.pass(30_000);
  }
  expect(checks() - before).toBeLessThanOrEqual(2);

  // Behind for more than a week: recommended, although the quieter banner was dismissed. A weekly release does not begin the count anew.
  await live(life, 5);
  expect([today(), seen(life)]).toMatchObject([9, { offer: '1.2.0', level: 'yellow' }]);

  // From now on by itself.
  await life.ask('prefs/set', { autoUpdate: 'all' });
  await life.settle();
  expect(seen(life).state).toBe('ready');
  await leaveAlone(life);
  expect(await life.restart()).toMatchObject({ takenBack: null, generation: { version: '1.2.0' } });
  expect(life.board().present.notices).toMatchObject([{ kind: 'updated', version: '1.2.0', from: '1.0.0' }]);
  await life.ask('notices/close', { id: 'updated' });

  // A version that does not start is taken back, told, and not taken again.
  await live(life, 3);
  await life.release('1.3.0', {}, programOf(fails));
  await live(life, 1);
  expect(seen(life).state).toBe('ready');
  await leaveAlone(life);
  expect(await life.restart()).toMatchObject({ takenBack: { code: 'start/failed' }, generation: { version: '1.2.0' } });
  expect(life.board().present.notices).toMatchObject([{ kind: 'taken-back', version: '1.3.0', running: '1.2.0' }]);
  await live(life, 2);
  expect(seen(life)).toEqual({ state: 'idle', offer: null, level: null, failure: null });

  // A hole is closed while the network costs money: asked about at once, taken as soon as it is free, started when the person quits.
  await life.ask('prefs/set', { autoUpdate: 'security' });
  life.person.change({ isMetered: true });
  await life.release('1.4.0', { type: 'security', severity: 'high' });
  await live(life, 1);
  expect(seen(life)).toMatchObject({ state: 'available', offer: '1.4.0', level: 'yellow' });
  expect(life.board().present.offer).toMatchObject({ waits: 'metered', canBeSkipped: false });
  life.person.change({ isMetered: false });
  await life.pass(hour);
  expect(seen(life).state).toBe('ready');
  await life.ask('updates/restart', { when: 'quit' });
  life.person.change({ idleMs: day });
  await life.pass(2 * hour);
  life.person.change({ idleMs: 0 });
  await life.restart();
  expect(life.board().present.notices).toMatchObject([{ kind: 'updated', version: '1.4.0', from: '1.2.0' }]);

  // The battery of the clock is empty for a day.
  await life.ask('prefs/set', { autoUpdate: 'ask' });
  await life.release('1.5.0');
  await live(life, 1);
  const right = life.clock.now().getTime();
  const startedMs = life.clock.monotonicMs();
  life.clock.set(new Date(right + 10 * 365 * day));
  await live(life, 1);
  expect(seen(life)).toMatchObject({ offer: '1.5.0', level: 'yellow', failure: 'check/stale' });
  life.clock.set(new Date(right + (life.clock.monotonicMs() - startedMs) + 16 * hour));
  await life.renew();
  expect(await life.ask('updates/check', {})).toEqual({ kind: 'available', version: '1.5.0' });
  expect(seen(life)).toMatchObject({ level: 'subtle', failure: null });

  await live(life, 30 - today());
  expect([today(), seen(life)]).toMatchObject([30, { state: 'available', offer: '1.5.0' }]);
  const rows = (kind: 'update' | 'trial') =>
    life
      .ledger()
      .list(kind, 100)
      .map(({ to, by, status }) => `${to} ${by ?? 'unknown'} ${status}`);
  expect(rows('update').toReversed()).toEqual(['1.0.0 unknown done', '1.2.0 schedule done', '1.3.0 schedule done', '1.4.0 schedule done']);
  expect(rows('trial').toReversed()).toEqual(['1.0.0 unknown done', '1.2.0 unknown done', '1.3.0 unknown failed', '1.4.0 unknown done']);
  expect(checks()).toBeLessThan(150);
}, 600_000);
