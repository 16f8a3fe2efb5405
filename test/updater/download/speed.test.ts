import { describe, expect, it } from 'vitest';
import { type Estimate, speedometer } from '../../../src/updater/download/speed.ts';

/** Readings every `stepMs` at a constant speed, and what is said at the end. */
function steady(seconds: number, bytesPerSecond: number, totalBytes: number | null): Estimate {
  const meter = speedometer();
  for (let ms = 0; ms <= seconds * 1000; ms += 250) meter.add(ms, (ms / 1000) * bytesPerSecond);
  return meter.estimate(seconds * 1000, totalBytes);
}

describe('speed and time left', () => {
  it('nothing is known at first', () => {
    const meter = speedometer();
    expect(meter.estimate(0, 100)).toEqual({ bytesPerSecond: null, secondsLeft: null, isStalled: false });
    expect([meter.add(0, 0), meter.add(50, 1000), meter.add(100, 1000)]).toEqual([null, null, 10_000]);
  });

  it('the time left is said after three seconds and two per cent, and not before', () => {
    expect(steady(2.75, 1000, 10_000).secondsLeft).toBe(null);
    expect(steady(3, 1000, 10_000).secondsLeft).toBe(10);
    expect(steady(3, 1000, 200_000).secondsLeft).toBe(null);
    expect(steady(4, 1000, 200_000).secondsLeft).toBe(240);
    expect(steady(4, 1000, null).secondsLeft).toBe(null);
  });

  it.each([
    [4, 0],
    [5, 5],
    [6, 10],
    [50, 50],
    [54, 55],
    [56, 60],
    [61, 120],
    [119, 120],
    [121, 180],
  ])('%i seconds are said as %i', (left, said) => {
    expect(steady(10, 1000, (10 + left) * 1000).secondsLeft).toBe(said);
  });

  it('follows a change within its five seconds, however often it is told', () => {
    const rates = [50, 100, 250, 1000].map((stepMs) => {
      const meter = speedometer();
      for (let ms = 0; ms <= 20_000; ms += stepMs) meter.add(ms, ms);
      for (let ms = 20_000 + stepMs; ms <= 25_000; ms += stepMs) meter.add(ms, 20_000 + (ms - 20_000) * 3);
      return Math.round(meter.estimate(25_000, null).bytesPerSecond ?? 0);
    });
    // 3000 - 2000/e
    expect(rates).toEqual([2264, 2264, 2264, 2264]);
  });

  it('a stall has no time left, and is called one after ten seconds', () => {
    const meter = speedometer();
    for (let ms = 0; ms <= 5000; ms += 250) meter.add(ms, ms);
    expect(meter.estimate(14_000, 10_000)).toMatchObject({ isStalled: false });
    expect(meter.estimate(15_001, 10_000)).toMatchObject({ secondsLeft: null, isStalled: true });
    meter.add(15_100, 5001);
    expect(meter.estimate(15_200, 10_000)).toMatchObject({ isStalled: false });
  });

  it('bytes that go back begin anew, and time that goes back changes nothing', () => {
    const meter = speedometer();
    meter.add(0, 1_000_000);
    meter.add(1000, 2_000_000);
    expect([meter.add(1500, 10), meter.add(2500, 510)]).toEqual([null, 500]);
    expect(meter.add(0, 600)).toBe(500);
  });
});
