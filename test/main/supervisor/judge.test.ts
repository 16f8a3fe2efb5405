import { describe, expect, it } from 'vitest';
import { judge, type Limits, type Sight, type Sighting } from '../../../src/main/supervisor/trial/judge.ts';

const limits: Limits = { gapMs: 5000, stageMs: 30_000, healthyMs: 60_000, errorPercent: 50, fewestRequests: 20 };

const stage = (name: string): Sight => ({ kind: 'stage', stage: name });
const code = (n: number): Sight => ({ kind: 'exit', exit: { kind: 'code', code: n }, isAsked: false });
const signal = (name: NodeJS.Signals, isAsked = false): Sight => ({ kind: 'exit', exit: { kind: 'signal', signal: name }, isAsked });
const quitting = (by: 'user' | 'session'): Sight => ({ kind: 'quitting', by, again: false });
const requests = (total: number, errors: number): Sight => ({ kind: 'requests', requests: total, errors });

/** A story: sights at their second, and a tick every second up to `seconds` but where the machine slept. */
function story(
  seconds: number,
  sights: readonly (readonly [second: number, Sight])[],
  sleep: readonly [from: number, to: number] = [0, 0],
): Sighting[] {
  const ticks = Array.from({ length: seconds + 1 }, (_, second): Sighting => ({ kind: 'tick', at: second * 1000 }));
  const awake = ticks.filter(({ at }) => at <= sleep[0] * 1000 || at >= sleep[1] * 1000);
  const seen = sights.map(([second, sight]): Sighting => ({ ...sight, at: second * 1000 }));
  return [...seen, ...awake].toSorted((a, b) => a.at - b.at);
}

const startsWell = [
  [1, stage('loaded')],
  [2, stage('config')],
  [3, stage('database')],
  [4, stage('service')],
  [5, stage('ready')],
] as const;

const cases: readonly (readonly [what: string, sightings: readonly Sighting[], verdict: string | null])[] = [
  ['is healthy for a minute', story(66, startsWell), 'good'],
  ['is healthy for less', story(64, startsWell), null],
  ['is ready at once without saying its stages', story(61, [[0, stage('ready')]]), 'good'],
  ['says nothing for 30 s', story(31, []), 'slow'],
  ['says nothing for less', story(30, []), null],
  [
    'takes 29 s for every stage',
    story(100, [
      [29, stage('loaded')],
      [58, stage('config')],
      [87, stage('page')],
    ]),
    null,
  ],
  ['stands still after a stage', story(60, [[29, stage('loaded')]]), 'slow'],
  [
    'says the same stage again and again',
    story(35, [
      [10, stage('loaded')],
      [20, stage('loaded')],
      [28, stage('unheard-of')],
    ]),
    null,
  ],
  [
    'says the same stage for too long',
    story(41, [
      [10, stage('loaded')],
      [20, stage('loaded')],
      [39, stage('loaded')],
    ]),
    'slow',
  ],
  ['is ready a moment too late', story(33, [[32, stage('ready')]]), 'slow'],
  ['ends with 0 before it is ready', story(3, [[2, code(0)]]), 'failed'],
  ['ends with 1 while it is healthy', story(40, [...startsWell, [30, code(1)]]), 'failed'],
  ['ends with 0 while it is healthy', story(40, [...startsWell, [30, code(0)]]), 'failed'],
  ['ends after its minute', story(80, [...startsWell, [70, code(1)]]), 'good'],
  ['crashes', story(3, [[2, signal('SIGSEGV')]]), 'failed'],
  ['aborts', story(30, [...startsWell, [20, signal('SIGABRT')]]), 'failed'],
  ['is killed', story(30, [...startsWell, [20, signal('SIGKILL')]]), 'killed'],
  ['is told to end by a stranger', story(30, [[20, signal('SIGTERM')]]), 'killed'],
  ['R21 ends with the session', story(30, [[20, signal('SIGTERM', true)]]), 'inconclusive'],
  [
    'R21 is left by its user at second 5',
    story(6, [
      [1, stage('loaded')],
      [5, quitting('user')],
      [5, code(0)],
    ]),
    'inconclusive',
  ],
  [
    'R21 is left at the end of the session and crashes on the way',
    story(6, [
      [5, quitting('session')],
      [6, signal('SIGSEGV')],
    ]),
    'inconclusive',
  ],
  ['takes its time to quit', story(90, [[5, quitting('user')]]), null],
  ['says that it is unhealthy', story(6, [[5, { kind: 'unhealthy', why: 'no data' }]]), 'failed'],
  [
    'says so as it is left',
    story(6, [
      [5, quitting('user')],
      [6, { kind: 'unhealthy', why: 'closed' }],
    ]),
    null,
  ],
  ['fails 51 % of its requests', story(20, [...startsWell, [10, requests(100, 51)]]), 'failed'],
  ['fails 50 % of its requests', story(20, [...startsWell, [10, requests(100, 50)]]), null],
  ['fails its very first requests', story(66, [...startsWell, [6, requests(19, 19)], [7, requests(100, 19)]]), 'good'],
  ['cannot be started', story(0, [[0, { kind: 'exit', exit: { kind: 'not-started', detail: 'ENOENT' }, isAsked: false }]]), 'failed'],
  [
    'meets a machine out of memory',
    story(0, [[0, { kind: 'exit', exit: { kind: 'no-means', detail: 'ENOMEM' }, isAsked: false }]]),
    'inconclusive',
  ],
  ['R21 R14 sleeps for an hour before its first stage', story(3620, [], [10, 3610]), null],
  ['R21 R14 sleeps for an hour while it is healthy', story(3630, startsWell, [20, 3620]), null],
  ['R14 wakes up and is healthy for the rest of the minute', story(3680, startsWell, [20, 3620]), 'good'],
  ['wakes up and stands still', story(3640, [], [10, 3610]), 'slow'],
];

describe('the verdict on a program that', () => {
  it.each(cases)('%s', (_, sightings, verdict) => {
    expect(judge(sightings, limits)?.kind ?? null).toBe(verdict);
  });

  it('was given stays', () => {
    const sightings = story(80, [...startsWell, [70, { kind: 'unhealthy', why: 'late' }]]);
    expect(judge(sightings, limits)).toEqual({ kind: 'good' });
  });

  it('has four times as long in its second try is slow only then', () => {
    const sightings = story(100, [[100, stage('ready')]]);
    expect([judge(sightings, limits)?.kind, judge(sightings, { ...limits, stageMs: 120_000 })]).toEqual(['slow', null]);
  });
});
