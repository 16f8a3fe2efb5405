import { expect, it } from 'vitest';
import { isWithin, whenToRestart, type Readiness, type Restart } from '../../../../src/main/updates/decide/away.ts';

const minute = 60_000;
const quiet: Readiness = {
  when: 'away',
  preferences: { awayBetween: null, battery: 'wait' },
  conditions: { idleMs: 10 * minute, isFullScreen: false, isOnBattery: false },
  busy: [],
  now: new Date(2026, 10, 10, 3, 0),
};

const wait = (because: Extract<Restart, { kind: 'wait' }>['because'], lookAgainMs: number | null): Restart => ({
  kind: 'wait',
  because,
  lookAgainMs,
});

it.each<readonly [string, Partial<Readiness>, Restart]>([
  ['nobody was there for ten minutes', {}, { kind: 'notice' }],
  ['somebody was there a minute ago', { conditions: { ...quiet.conditions, idleMs: minute } }, wait('here', 9 * minute)],
  ['something is unsaved', { busy: ['unsaved'] }, wait('busy', null)],
  ['something runs', { busy: ['job'] }, wait('busy', null)],
  ['a film runs in full screen', { conditions: { ...quiet.conditions, isFullScreen: true } }, wait('full-screen', 10 * minute)],
  ['nobody knows of a full screen', { conditions: { ...quiet.conditions, isFullScreen: null } }, { kind: 'notice' }],
  ['on battery', { conditions: { ...quiet.conditions, isOnBattery: true } }, wait('battery', 10 * minute)],
  ['outside the hours', { preferences: { ...quiet.preferences, awayBetween: { from: '12:00', to: '13:00' } } }, wait('hours', 10 * minute)],
  ['the person said when quitting', { when: 'quit' }, wait('word', null)],
  ['the person said not now', { when: 'not-now' }, wait('word', null)],
  ['the person said now, sitting there', { when: 'now', conditions: { ...quiet.conditions, idleMs: 0 } }, { kind: 'restart' }],
  ['R19 the person said now, but something is unsaved', { when: 'now', busy: ['unsaved'] }, wait('busy', null)],
])('A prepared version: %s', (_, change, restart) => expect(whenToRestart({ ...quiet, ...change })).toEqual(restart));

it('Hours may go over midnight, and end before their end', () => {
  const at = (hours: number, minutes = 0): Date => new Date(2026, 10, 10, hours, minutes);
  const night = { from: '22:30', to: '06:00' };
  expect([22.25, 22.5, 23, 0, 5, 6, 12].map((time) => isWithin(night, at(Math.floor(time), (time % 1) * 60)))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect([8, 9, 16, 17].map((hours) => isWithin({ from: '09:00', to: '17:00' }, at(hours)))).toEqual([false, true, true, false]);
  expect(isWithin({ from: '09:00', to: '09:00' }, at(4))).toBe(true);
});
