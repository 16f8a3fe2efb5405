import { describe, expect, test } from 'vitest';
import { chooseBases } from '../../../../build/release/make/bases.ts';
import { addOffer, emptyOffers, extendRamp, setPaused, withdraw, type Entry } from '../../../../build/release/publish/documents.ts';
import { parseRollout } from '../../../../build/release/publish/ramp.ts';
import type { Offer } from '../../../../src/updater/model/offers.ts';

const now = new Date('2026-03-01T12:00:00Z');
const entry = (version: string): Entry => ({ version, treeDigest: 'a'.repeat(64), manifest: { sha256: 'b'.repeat(64), size: 1 } });
const offer = (version: string): Offer => ({
  version,
  manifest: entry(version).manifest,
  ramp: [...parseRollout('10,50@24h', now)],
  paused: false,
  needs: { updater: null, os: null, libc: null, minFrom: null },
});
const empty = emptyOffers({ schema: '1.0', product: 'moult', platform: 'linux', arch: 'x64', releases: [] }, 'stable');

test('patches start from the last versions, the newest of each of the last three minors, and those asked for', () => {
  const published = ['2.1.0', '2.0.0', '1.9.2', '1.9.10', '1.9.1', '1.8.3', '1.8.4', '1.7.0', '1.6.0', '1.0.0'].map(entry);
  const chosen = (version: string, count: number, also: string[] = []): string[] =>
    chooseBases(published, version, { count, also }).map((each) => each.version);
  expect({
    two: chosen('2.1.0', 2),
    five: chosen('3.0.0', 5),
    none: chosen('2.0.0', 0),
    also: chosen('2.0.0', 1, ['1.0.0']),
    prerelease: chosen('1.9.2-beta.1', 1),
  }).toEqual({
    two: ['2.0.0', '1.9.10', '1.8.4'],
    five: ['2.1.0', '2.0.0', '1.9.10', '1.9.2', '1.9.1'],
    none: [],
    also: ['1.9.10', '1.8.4', '1.7.0', '1.0.0'],
    prerelease: ['1.9.1', '1.8.4', '1.7.0'],
  });
  expect(() => chosen('2.0.0', 5, ['1.5.0'])).toThrow('1.5.0');
});

describe('rollout', () => {
  test('a number is a share from now on, a list a ramp', () => {
    expect([parseRollout('25', now), parseRollout('10, 50%@24h,100@3d', now)]).toEqual([
      [{ at: '2026-03-01T12:00:00Z', percent: 25 }],
      [
        { at: '2026-03-01T12:00:00Z', percent: 10 },
        { at: '2026-03-02T12:00:00Z', percent: 50 },
        { at: '2026-03-04T12:00:00Z', percent: 100 },
      ],
    ]);
  });

  test.each(['101', '-1', '', 'all', '50,10@1h', '10@24h,50', '10@1w', '1e1'])('%j is refused', (text) => {
    expect(() => parseRollout(text, now)).toThrow('is not a rollout');
  });

  test('promoting keeps what was reached and drops what was planned for later', () => {
    const later = new Date('2026-03-01T18:00:00Z');
    const promoted = extendRamp(addOffer(empty, offer('1.0.0')), '1.0.0', parseRollout('100', later));
    expect(promoted.offers[0]?.ramp).toEqual([
      { at: '2026-03-01T12:00:00Z', percent: 10 },
      { at: '2026-03-01T18:00:00Z', percent: 100 },
    ]);
  });
});

describe('offers', () => {
  test('stand newest first, whatever the order in which they came', () => {
    const offers = ['1.1.0', '1.10.0', '1.9.0'].reduce((all, version) => addOffer(all, offer(version)), empty);
    expect(offers.offers.map(({ version }) => version)).toEqual(['1.10.0', '1.9.0', '1.1.0']);
  });

  test('a paused one stays where it is and can go on', () => {
    const offers = addOffer(addOffer(empty, offer('1.0.0')), offer('1.1.0'));
    const paused = setPaused(offers, '1.1.0', true);
    expect(paused.offers.map(({ version, paused }) => [version, paused])).toEqual([
      ['1.1.0', true],
      ['1.0.0', false],
    ]);
    expect(setPaused(paused, '1.1.0', false)).toEqual(offers);
  });

  test('a withdrawn one is gone for good', () => {
    const gone = withdraw(addOffer(empty, offer('1.0.0')), '1.0.0', 'loses notes');
    expect([gone.offers, gone.withdrawn]).toEqual([[], [{ version: '1.0.0', reason: 'loses notes' }]]);
    expect(withdraw(gone, '1.0.0', 'again')).toEqual(gone);
    for (const change of [
      () => addOffer(gone, offer('1.0.0')),
      () => setPaused(gone, '1.0.0', false),
      () => extendRamp(gone, '1.0.0', []),
    ]) {
      expect(change).toThrow('was withdrawn');
    }
  });

  test('one that is there already, or not there, is refused', () => {
    const offers = addOffer(empty, offer('1.0.0'));
    expect(() => addOffer(offers, offer('1.0.0'))).toThrow('already');
    expect(() => setPaused(offers, '2.0.0', true)).toThrow('not on offer');
  });
});
