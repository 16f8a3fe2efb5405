import { describe, expect, test } from 'vitest';
import { bucketOf, chooseRelease, type Have } from '../../../src/updater/trust/choose.ts';
import { parseOffers } from '../../../src/updater/model/offers.ts';
import type { Believed } from '../../../src/updater/trust/release.ts';
import { sha256, verdict } from './forge.ts';

type Offer = Believed['offers']['offers'][number];

const have: Have = {
  version: '1.0.0',
  machineId: 'machine',
  updaterVersion: '1.2.0',
  os: '6.1.0-13-amd64',
  libc: '2.36',
  now: new Date('2030-06-01T12:00:00Z'),
};

const needs: Offer['needs'] = { updater: null, os: null, libc: null, minFrom: null };

function offer(version: string, change: Partial<Offer> = {}): Offer {
  return { version, manifest: { sha256: sha256(version), size: 10 }, ramp: [], paused: false, needs, ...change };
}

/** All offers published, and `published` besides. */
function believed(offers: readonly Offer[], given: { published?: readonly string[]; withdrawn?: readonly string[] } = {}): Believed {
  const common = { schema: '1.0', product: 'moult', platform: 'linux', arch: 'x64' };
  const versions = [...new Set([...offers.map(({ version }) => version), ...(given.published ?? [])])];
  const releases = versions.map((version) => ({
    version,
    treeDigest: sha256(`tree ${version}`),
    manifest: { sha256: sha256(version), size: 10 },
  }));
  const withdrawn = (given.withdrawn ?? []).map((version) => ({ version, reason: 'it eats files' }));
  return { list: { ...common, releases }, offers: { ...common, channel: 'stable', offers, withdrawn } };
}

/** The chosen version and the reasons against those before it, in one line. */
function answer(lists: Believed, change: Partial<Have> = {}): string {
  const choice = chooseRelease(lists, { ...have, ...change });
  const passed = choice.passed.map(({ version, why }) => `${version} (${why})`);
  return [choice.kind === 'release' ? choice.entry.version : 'none', ...passed].join(', not ');
}

describe('the choice of a version', () => {
  test.each<[string, readonly Offer[], Partial<Have>, string]>([
    ['the first that is higher', [offer('2.0.0'), offer('1.5.0')], {}, '2.0.0'],
    ['in the order of the list, which is the publisher’s', [offer('1.5.0'), offer('2.0.0')], {}, '1.5.0'],
    ['nothing where nothing is offered', [], {}, 'none'],
    ['never the same', [offer('1.0.0')], {}, 'none, not 1.0.0 (it is installed)'],
    ['never the same with other build data', [offer('1.0.0+x')], {}, 'none, not 1.0.0+x (it is installed)'],
    ['never a lower one', [offer('0.9.0')], {}, 'none, not 0.9.0 (it is older than 1.0.0)'],
    ['never the release candidate of what runs', [offer('1.0.0-rc.1')], {}, 'none, not 1.0.0-rc.1 (it is older than 1.0.0)'],
    ['by number and not by letter', [offer('1.10.0')], { version: '1.9.0' }, '1.10.0'],
    ['anything where nothing is installed', [offer('0.1.0')], { version: null }, '0.1.0'],
    [
      'R09 not one that failed here, while there is no newer one',
      [offer('2.0.0'), offer('1.5.0')],
      { held: [{ version: '2.0.0', why: 'it failed here' }] },
      '1.5.0, not 2.0.0 (it failed here)',
    ],
    [
      'R09 one that is newer than the one that failed',
      [offer('2.0.1'), offer('2.0.0')],
      { held: [{ version: '2.0.0', why: '' }] },
      '2.0.1',
    ],
    [
      'R09 one that failed when it is asked for by name',
      [offer('2.0.0')],
      { held: [{ version: '2.0.0', why: '' }], exact: '2.0.0' },
      '2.0.0',
    ],
    ['the next when one is paused', [offer('2.0.0', { paused: true }), offer('1.5.0')], {}, '1.5.0, not 2.0.0 (it is paused)'],
    [
      'only with a new enough updater',
      [offer('2.0.0', { needs: { ...needs, updater: '1.2.1' } })],
      {},
      'none, not 2.0.0 (it needs updater 1.2.1)',
    ],
    ['with exactly that updater', [offer('2.0.0', { needs: { ...needs, updater: '1.2.0' } })], {}, '2.0.0'],
    ['only on a new enough system', [offer('2.0.0', { needs: { ...needs, os: '6.2' } })], {}, 'none, not 2.0.0 (it needs system 6.2)'],
    ['on exactly that system', [offer('2.0.0', { needs: { ...needs, os: '6.1' } })], {}, '2.0.0'],
    ['on a system whose number has more digits', [offer('2.0.0', { needs: { ...needs, os: '6.1' } })], { os: '6.10.3' }, '2.0.0'],
    [
      'not on a system that is not understood',
      [offer('2.0.0', { needs: { ...needs, os: 'vista' } })],
      {},
      'none, not 2.0.0 (it needs system vista)',
    ],
    ['only with a new enough glibc', [offer('2.0.0', { needs: { ...needs, libc: '2.39' } })], {}, 'none, not 2.0.0 (it needs glibc 2.39)'],
    ['not without glibc', [offer('2.0.0', { needs: { ...needs, libc: '2.17' } })], { libc: null }, 'none, not 2.0.0 (it needs glibc 2.17)'],
    ['with glibc', [offer('2.0.0', { needs: { ...needs, libc: '2.9' } })], {}, '2.0.0'],
    [
      'the stepping stone first',
      [offer('3.0.0', { needs: { ...needs, minFrom: '2.0.0' } }), offer('2.0.0'), offer('1.5.0')],
      {},
      '2.0.0, not 3.0.0 (it can be reached from 2.0.0 on)',
    ],
    [
      'the next from the stepping stone',
      [offer('3.0.0', { needs: { ...needs, minFrom: '2.0.0' } }), offer('2.0.0')],
      { version: '2.0.0' },
      '3.0.0',
    ],
    ['no stepping stone for a first installation', [offer('3.0.0', { needs: { ...needs, minFrom: '2.0.0' } })], { version: null }, '3.0.0'],
  ])('takes %s', (...[, offers, change, expected]) => {
    expect(answer(believed(offers), change)).toBe(expected);
  });

  test('never takes a withdrawn version, even when it is still offered', () => {
    expect(answer(believed([offer('2.0.0'), offer('1.5.0')], { withdrawn: ['2.0.0'] }))).toBe(
      '1.5.0, not 2.0.0 (it was withdrawn: it eats files)',
    );
  });

  test('takes only what the release key has published, whatever the online key offers', () => {
    const lists = believed([offer('1.5.0')]);
    const foreign = [
      offer('3.0.0'),
      offer('1.5.0', { manifest: { sha256: sha256('x'), size: 10 } }),
      offer('1.5.0', { manifest: { sha256: sha256('1.5.0'), size: 9 } }),
    ];
    const why = 'it is not in the signed list of releases';
    expect(answer({ ...lists, offers: { ...lists.offers, offers: foreign } })).toBe(
      `none, not 3.0.0 (${why}), not 1.5.0 (${why}), not 1.5.0 (${why})`,
    );
  });

  test('S05 takes no old release that is offered under a higher number', () => {
    const lists = believed([offer('1.5.0')], { published: ['0.9.0'] });
    const disguised = offer('3.0.0', { manifest: { sha256: sha256('0.9.0'), size: 10 } });
    expect(answer({ ...lists, offers: { ...lists.offers, offers: [disguised] } })).toBe(
      'none, not 3.0.0 (it is not in the signed list of releases)',
    );
  });

  test('skips an offer of a later kind', () => {
    const lists = believed([offer('1.5.0')]);
    const later = { ...offer('2.0.0'), ramp: 'by the phase of the moon' };
    const offers = parseOffers({ ...lists.offers, offers: [later, ...lists.offers.offers] });
    expect(answer({ ...lists, offers })).toBe('1.5.0');
  });
});

describe('a rollout', () => {
  const ramp = [
    { at: '2030-06-02T00:00:00Z', percent: 50 },
    { at: '2030-06-01T00:00:00Z', percent: 10 },
    { at: '2030-06-03T00:00:00Z', percent: 100 },
  ];
  const share = (now: string): number => {
    const lists = believed([offer('2.0.0', { ramp })]);
    const machines = Array.from({ length: 2000 }, (_, i) => ({ ...have, machineId: `m${i}`, now: new Date(now) }));
    return machines.filter((machine) => chooseRelease(lists, machine).kind === 'release').length / 20;
  };

  test('reaches the share of its latest step, whatever the order of the steps', () => {
    expect(share('2030-05-31T23:59:59Z')).toBe(0);
    expect(Math.abs(share('2030-06-01T00:00:00Z') - 10)).toBeLessThan(3);
    expect(Math.abs(share('2030-06-02T00:00:00Z') - 50)).toBeLessThan(5);
    expect(share('2030-06-03T00:00:00Z')).toBe(100);
  });

  test('says why it has not come yet', () => {
    const lists = believed([offer('2.0.0', { ramp: [{ at: '2030-01-01T00:00:00Z', percent: 0 }] })]);
    expect(answer(lists)).toBe('none, not 2.0.0 (it goes to 0 % of all machines so far, and not yet to this one)');
  });

  test('A4 finds something for a first installation, the newest that only its share speaks against', () => {
    const nobody = { ramp: [{ at: '2030-01-01T00:00:00Z', percent: 0 }] };
    const first = { version: null };
    expect(answer(believed([offer('3.0.0', { paused: true }), offer('2.0.0', nobody), offer('1.0.0', nobody)]), first)).toBe(
      '2.0.0, not 3.0.0 (it is paused)',
    );
    expect(answer(believed([offer('2.0.0', nobody), offer('1.0.0')]), first)).toMatch(/^1\.0\.0, not 2\.0\.0/);
    expect(answer(believed([offer('2.0.0', nobody)], { withdrawn: ['2.0.0'] }), first)).toMatch(/^none/);
    expect(answer(believed([offer('2.0.0', nobody)]))).toMatch(/^none/);
  });

  test('keeps everyone who was in when it grows, and asks others first the next time', () => {
    const early = (version: string): string[] =>
      Array.from({ length: 200 }, (_, i) => `m${i}`).filter((id) => bucketOf(id, version) < 2000);
    expect(early('2.0.0')).not.toEqual(early('2.0.1'));
    expect(bucketOf('machine', '2.0.0')).toBe(bucketOf('machine', '2.0.0'));
    expect(bucketOf('machine', '2.0.0')).toBe(460);
  });
});

describe('a version that was asked for by name', () => {
  const lists = believed(
    [
      offer('3.0.0', { needs: { ...needs, minFrom: '2.0.0' } }),
      offer('2.0.0', { paused: true, ramp: [{ at: '2040-01-01T00:00:00Z', percent: 1 }] }),
    ],
    {
      published: ['1.9.0', '0.9.0', '1.8.0'],
      withdrawn: ['1.8.0'],
    },
  );

  test.each([
    ['2.0.0', '2.0.0'],
    ['1.9.0', '1.9.0'],
    ['1.0.0', 'none, not 1.0.0 (it is installed)'],
  ])('%s: %s', (exact, expected) => {
    expect(answer(lists, { exact })).toBe(expected);
  });

  test.each([
    ['0.9.0', 'check/no-such-version: 0.9.0 cannot be installed: it is older than 1.0.0'],
    ['1.8.0', 'check/no-such-version: 1.8.0 cannot be installed: it was withdrawn: it eats files'],
    ['4.0.0', 'check/no-such-version: 4.0.0 is not published'],
    ['3.0.0', 'check/needs-updater: 3.0.0 does not fit: it can be reached from 2.0.0 on'],
  ])('%s fails: %s', async (exact, expected) => {
    expect(await verdict(Promise.resolve(exact).then((asked) => answer(lists, { exact: asked })))).toBe(expected);
  });

  test('may be any published one for a first installation', () => {
    expect(answer(lists, { exact: '0.9.0', version: null })).toBe('0.9.0');
  });
});
