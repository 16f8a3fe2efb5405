import { expect, it } from 'vitest';
import { firstRhythm, hastened, napMs, nextRhythm, untilDueMs } from '../../../../src/main/updates/decide/schedule.ts';

const minute = 60_000;
const hour = 60 * minute;
const start = { monotonicMs: 5000, wallMs: Date.parse('2026-11-10T12:00:00Z') };
const after = (ms: number, slept = 0, clockMoved = 0) => ({
  monotonicMs: start.monotonicMs + ms - slept,
  wallMs: start.wallMs + ms + clockMoved,
});

it('The first check comes 30 to 60 seconds after the program became usable', () => {
  expect(untilDueMs(firstRhythm(start, 0), start)).toBe(30_000);
  expect(untilDueMs(firstRhythm(start, 0.999), start)).toBeLessThan(60_000);
});

it('Later checks come every six hours, give or take 15 %', () => {
  expect(untilDueMs(nextRhythm(start, 0, null), start)).toBe(5.1 * hour);
  expect(untilDueMs(nextRhythm(start, 0.5, null), start)).toBe(6 * hour);
  expect(untilDueMs(nextRhythm(start, 1, null), start)).toBe(6.9 * hour);
});

it('A network that comes back brings a check, at most every half hour', () => {
  const rhythm = hastened(nextRhythm(start, 0.5, null));
  expect(untilDueMs(rhythm, after(10 * minute))).toBe(20 * minute);
  expect(untilDueMs(rhythm, after(40 * minute))).toBe(0);
  expect(untilDueMs(hastened(firstRhythm(start, 0)), after(0))).toBe(30_000);
});

it('A server that asks for a longer pause gets it, up to a day, also when the network comes back', () => {
  expect(untilDueMs(nextRhythm(start, 0.5, 12 * hour), start)).toBe(12 * hour);
  expect(untilDueMs(nextRhythm(start, 0.5, 1000 * hour), start)).toBe(24 * hour);
  expect(untilDueMs(nextRhythm(start, 0.5, hour), start)).toBe(6 * hour);
  expect(untilDueMs(hastened(nextRhythm(start, 0.5, hour)), after(40 * minute))).toBe(20 * minute);
});

it('R14 time that the machine slept counts, though one of its clocks stood still', () => {
  expect(untilDueMs(nextRhythm(start, 0.5, null), after(8 * hour, 8 * hour))).toBe(0);
});

it('R12 a clock that is set back delays nothing, and one that is set forward brings one check', () => {
  const years = 10 * 365 * 24 * hour;
  expect(untilDueMs(nextRhythm(start, 0.5, null), after(5 * hour, 0, -years))).toBe(hour);
  expect(untilDueMs(nextRhythm(start, 0.5, null), after(5 * hour, 0, years))).toBe(0);
  const moved = after(5 * hour, 0, years);
  expect(untilDueMs(nextRhythm(moved, 0.5, null), moved)).toBe(6 * hour);
});

it('A timer is looked at every hour, since it may have slept', () => {
  expect(napMs(6 * hour)).toBe(hour);
  expect(napMs(5 * minute)).toBe(5 * minute);
});
