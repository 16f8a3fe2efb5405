import { describe, expect, it } from 'vitest';
import { canBeSkipped, whatToDo, type Situation, type What } from '../../../../src/main/updates/decide/policy.ts';

const now = new Date('2026-11-10T12:00:00Z');
const feature = { type: 'minor', severity: 'none', risk: 'low', bytesToFetch: 1000, isBreaking: false } as const;
const hole = { ...feature, type: 'security', severity: 'high' } as const;
const online = { isOnline: true, isMetered: false, isOnBattery: false };
const everything = { autoUpdate: 'all', metered: 'ask', battery: 'wait' } as const;
const securityOnly = { ...everything, autoUpdate: 'security' } as const;
const asking = { ...everything, autoUpdate: 'ask' } as const;
const later = { kind: 'later', until: '2026-11-11T00:00:00Z' } as const;
const over = { kind: 'later', until: '2026-11-10T12:00:00Z' } as const;
const skipped = { kind: 'skipped' } as const;
const wanted = { kind: 'now' } as const;

const usual: Situation = {
  offer: feature,
  level: 'subtle',
  preferences: everything,
  answer: { kind: 'none' },
  choice: null,
  trouble: { attempts: 0, retryAt: null },
  conditions: online,
  now,
};

const ask = (because: Extract<What, { kind: 'ask' }>['because']): What => ({ kind: 'ask', because });
const wait = (because: Extract<What, { kind: 'wait' }>['because']): What => ({ kind: 'wait', because });
const silent = (because: Extract<What, { kind: 'nothing' }>['because']): What => ({ kind: 'nothing', because });
const itself: What = { kind: 'prepare', by: 'schedule' };
const asTold: What = { kind: 'prepare', by: 'user' };

type Row = readonly [name: string, change: Partial<Situation>, what: What];

const preferences: readonly Row[] = [
  ['everything: a feature', {}, itself],
  ['everything: a security fix', { offer: hole }, itself],
  ['everything: medium risk', { offer: { ...feature, risk: 'medium' } }, itself],
  ['everything: high risk', { offer: { ...feature, risk: 'high' } }, ask('risk')],
  ['everything: high risk, security', { offer: { ...hole, risk: 'high' } }, ask('risk')],
  ['security only: a feature', { preferences: securityOnly }, ask('not-security')],
  ['security only: a fix of low severity', { preferences: securityOnly, offer: { ...feature, severity: 'low' } }, ask('not-security')],
  ['security only: a security release', { preferences: securityOnly, offer: { ...feature, type: 'security' } }, itself],
  ['security only: high severity', { preferences: securityOnly, offer: { ...feature, severity: 'high' } }, itself],
  ['security only: critical severity', { preferences: securityOnly, offer: { ...feature, severity: 'critical' } }, itself],
  ['ask: a feature', { preferences: asking }, ask('preference')],
  ['ask: a critical hole at red', { preferences: asking, offer: { ...hole, severity: 'critical' }, level: 'red' }, ask('preference')],
];

const answers: readonly Row[] = [
  ['now, though asking is preferred', { preferences: asking, answer: wanted }, asTold],
  ['now, at high risk, metered, on battery and after failures', worst(wanted), asTold],
  ['later', { answer: later }, silent('later')],
  ['later, for a security fix', { answer: later, offer: hole, level: 'yellow' }, silent('later')],
  ['later, at red', { answer: later, level: 'red' }, ask('later')],
  ['later, and the time has come', { answer: over }, itself],
  ['later, the time has come, asking is preferred', { answer: over, preferences: asking }, ask('preference')],
  ['skipped', { answer: skipped }, silent('skipped')],
  ['skipped, but it closes a hole', { answer: skipped, offer: hole }, itself],
  ['skipped, but it has become red', { answer: skipped, level: 'red' }, itself],
  ['skipped, but it has become red, asking is preferred', { answer: skipped, level: 'red', preferences: asking }, ask('preference')],
];

const breaking = { ...feature, isBreaking: true };
const breaks: readonly Row[] = [
  ['breaking', { offer: breaking }, ask('breaking')],
  ['breaking, now', { offer: breaking, answer: wanted }, ask('breaking')],
  ['breaking, critical, at red', { offer: { ...breaking, severity: 'critical' }, level: 'red' }, ask('breaking')],
  ['breaking, skipped', { offer: breaking, answer: skipped }, silent('skipped')],
  ['breaking, later', { offer: breaking, answer: later }, silent('later')],
  ['breaking, migrate, now', { offer: breaking, choice: 'migrate', answer: wanted }, asTold],
  ['breaking, fresh, now', { offer: breaking, choice: 'fresh', answer: wanted }, asTold],
];

const conditions: readonly Row[] = [
  ['metered', { conditions: { ...online, isMetered: true } }, ask('metered')],
  ['metered, allowed', { conditions: { ...online, isMetered: true }, preferences: { ...everything, metered: 'allow' } }, itself],
  ['metered, nothing to fetch', { conditions: { ...online, isMetered: true }, offer: { ...feature, bytesToFetch: 0 } }, itself],
  ['nobody knows whether it is metered', { conditions: { ...online, isMetered: null } }, itself],
  ['on battery', { conditions: { ...online, isOnBattery: true } }, wait('battery')],
  ['on battery, allowed', { conditions: { ...online, isOnBattery: true }, preferences: { ...everything, battery: 'allow' } }, itself],
  ['nobody knows whether it is on battery', { conditions: { ...online, isOnBattery: null } }, itself],
  ['offline', { conditions: { ...online, isOnline: false } }, wait('offline')],
  ['offline, metered and on battery', { conditions: { isOnline: false, isMetered: true, isOnBattery: true } }, ask('metered')],
];

const failures: readonly Row[] = [
  ['failed once, to be tried again later', { trouble: { attempts: 1, retryAt: '2026-11-10T18:00:00Z' } }, ask('failed')],
  ['failed once, and the time has come', { trouble: { attempts: 1, retryAt: '2026-11-10T12:00:00Z' } }, itself],
  ['failed for good', { trouble: { attempts: 3, retryAt: null } }, ask('failed')],
  ['failed for good, now', { trouble: { attempts: 3, retryAt: null }, answer: wanted }, asTold],
];

function worst(answer: Situation['answer']): Partial<Situation> {
  const trouble = { attempts: 3, retryAt: null };
  return { answer, offer: { ...hole, risk: 'high' }, conditions: { isOnline: true, isMetered: true, isOnBattery: true }, trouble };
}

describe.each([
  ['the preference', preferences],
  ["the person's word", answers],
  ['what breaks', breaks],
  ['the conditions', conditions],
  ['failures in a row', failures],
] as const)('What is done about an offer, by %s', (_, rows) => {
  it.each(rows)('%s', (_name, change, what) => expect(whatToDo({ ...usual, ...change })).toEqual(what));
});

it('R19 without a word of the person nothing is prepared that was to be asked about, whatever else holds', () => {
  const found = new Set<string>();
  for (const situation of everySituation()) {
    const what = whatToDo(situation);
    const mayPrepare = situation.preferences.autoUpdate !== 'ask' && !situation.offer.isBreaking && situation.offer.risk !== 'high';
    if (what.kind === 'prepare' && !mayPrepare) found.add(JSON.stringify(situation));
  }
  expect([...found]).toEqual([]);
});

function everySituation(): readonly Situation[] {
  const preferred = [everything, securityOnly, asking];
  const severities = ['none', 'low', 'high', 'critical'] as const;
  const risks = ['low', 'medium', 'high'] as const;
  const offers = severities.flatMap((severity) =>
    risks.flatMap((risk) => [true, false].map((isBreaking) => ({ ...feature, severity, risk, isBreaking }))),
  );
  const levels = ['subtle', 'yellow', 'orange', 'red'] as const;
  const said = [{ kind: 'none' } as const, later, over, skipped].flatMap((answer) => levels.map((level) => ({ answer, level })));
  return preferred.flatMap((preferences) => offers.flatMap((offer) => said.map((rest) => ({ ...usual, preferences, offer, ...rest }))));
}

it('A version cannot be skipped when it closes a hole, at red, or when a newer one asks for it', () => {
  expect(canBeSkipped(feature, 'orange', false)).toBe(true);
  expect(canBeSkipped(hole, 'subtle', false)).toBe(false);
  expect(canBeSkipped(feature, 'red', false)).toBe(false);
  expect(canBeSkipped(feature, 'subtle', true)).toBe(false);
});
