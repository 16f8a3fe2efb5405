import { expect, test } from 'vitest';
import { mayFollow, type UpdateKind } from '../../../../src/updater/model/application/state.ts';

const kinds: readonly UpdateKind[] = [
  'disabled',
  'idle',
  'checking',
  'available',
  'preparing',
  'ready',
  'restarting',
  'confirming',
  'repairing',
  'failed',
];

test('an update goes the straight line from idle to idle', () => {
  const line: UpdateKind[] = ['idle', 'checking', 'available', 'preparing', 'ready', 'restarting', 'confirming', 'idle'];
  expect(line.slice(1).every((to, i) => mayFollow(line[i] ?? 'failed', to))).toBe(true);
});

test('nothing restarts that was not ready; a program that just started may be on trial itself, or go on with what was offered before', () => {
  const before = (to: UpdateKind): UpdateKind[] => kinds.filter((from) => from !== to && mayFollow(from, to));
  expect({ restarting: before('restarting'), confirming: before('confirming'), preparing: before('preparing') }).toEqual({
    restarting: ['ready'],
    confirming: ['idle', 'restarting'],
    preparing: ['idle', 'available', 'ready', 'failed'],
  });
});

test('from every state idle can be reached again, and new progress keeps the state', () => {
  const reaches = (from: UpdateKind, seen: readonly UpdateKind[] = []): boolean =>
    from === 'idle' || kinds.some((to) => to !== from && !seen.includes(to) && mayFollow(from, to) && reaches(to, [...seen, from]));
  expect(kinds.filter((kind) => !reaches(kind) || !mayFollow(kind, kind))).toEqual([]);
});
