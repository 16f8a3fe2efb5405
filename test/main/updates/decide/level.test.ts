import { describe, expect, it } from 'vitest';
import { daysBetween, dismissalMs, isClockTrusted, levelOf, levels, type Urgency } from '../../../../src/main/updates/decide/level.ts';

const calm: Urgency = { ageDays: 0, highDays: null, isCritical: false, isClockTrusted: true, last: null };

describe('the level of an offer', () => {
  it.each([
    [0, 'subtle'],
    [7, 'subtle'],
    [8, 'yellow'],
    [30, 'yellow'],
    [31, 'orange'],
    [60, 'orange'],
    [61, 'red'],
    [900, 'red'],
  ])('is, %i days behind, %s', (ageDays, level) => expect(levelOf({ ...calm, ageDays })).toBe(level));

  it.each([
    [0, 'yellow'],
    [2, 'yellow'],
    [3, 'orange'],
    [6, 'orange'],
    [7, 'red'],
  ])('is, %i days after a hole of high severity was closed, %s', (highDays, level) => expect(levelOf({ ...calm, highDays })).toBe(level));

  it('is red at once for a critical hole, and never lower than its age says', () => {
    expect(levelOf({ ...calm, isCritical: true })).toBe('red');
    expect(levelOf({ ...calm, ageDays: 40, highDays: 0 })).toBe('orange');
  });

  it('moves by one step at most under a clock that cannot be trusted, and does not climb by being asked again', () => {
    const wrong = { ...calm, isClockTrusted: false };
    expect(levels.map((last) => levelOf({ ...wrong, ageDays: 3650, last }))).toEqual(['yellow', 'orange', 'red', 'red']);
    expect(levels.map((last) => levelOf({ ...wrong, ageDays: 0, last }))).toEqual(['subtle', 'subtle', 'yellow', 'orange']);
    expect(levelOf({ ...wrong, ageDays: 3650 })).toBe('yellow');
  });
});

describe('the clock', () => {
  const signed = { signedAt: '2026-11-01T12:00:00Z', expires: '2026-11-08T12:00:00Z' };
  it.each([
    ['2026-10-31T12:00:00Z', true],
    ['2026-10-31T11:59:59Z', false],
    ['2026-11-04T00:00:00Z', true],
    ['2026-11-09T12:00:00Z', true],
    ['2026-11-09T12:00:01Z', false],
    ['2036-11-04T00:00:00Z', false],
  ])('of %s is trusted by information of a week: %s', (now, isTrusted) => expect(isClockTrusted(new Date(now), signed)).toBe(isTrusted));

  it('is trusted while nothing signed is known', () => expect(isClockTrusted(new Date(0), null)).toBe(true));
});

it('A dismissed banner stays away for a week when it is subtle, for a day above, and red cannot be dismissed', () => {
  const day = 86_400_000;
  expect(levels.map(dismissalMs)).toEqual([7 * day, day, day, null]);
});

it('Days are whole ones, and a clock that went back makes none', () => {
  const now = new Date('2026-11-10T11:59:59Z');
  expect(daysBetween('2026-11-09T12:00:00Z', now)).toBe(0);
  expect(daysBetween('2026-11-08T11:00:00Z', now)).toBe(2);
  expect(daysBetween('2027-01-01T00:00:00Z', now)).toBe(0);
});
