import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatsIn } from '../../src/renderer/words/format.ts';
import { languageOf, pseudo } from '../../src/renderer/words/language.ts';
import { routeOf } from '../../src/renderer/frame/route.ts';

type Words = { readonly [key: string]: string | Words };

const [en, de, ar] = ['en', 'de', 'ar'].map(read);

describe('the words', () => {
  test('are complete in German, with the same values in their places', () => {
    expect(placesOf(de ?? {})).toEqual(placesOf(en ?? {}));
  });

  test('in Arabic are words that English has too, with all six plurals', () => {
    const known = new Map(Object.entries(placesOf(en ?? {})).map(([key, values]) => [withoutPlural(key), values]));
    const odd = Object.keys(placesOf(ar ?? {})).filter((key) => !known.has(withoutPlural(key)));
    expect(odd).toEqual([]);
    expect(Object.keys(placesOf(ar ?? {})).filter((key) => key.startsWith('banner.red_'))).toHaveLength(6);
  });

  test('grow by two fifths in the pseudo-locale, and keep their values', () => {
    expect(pseudo({ later: 'Remind {{who}} later', deep: { ok: 'OK' } })).toEqual({
      later: expect.stringMatching(/^\[Rémîñd \{\{who\}\} låtér[ ~]{6}\]$/),
      deep: { ok: expect.stringMatching(/^\[ÖK[ ~]\]$/) },
    });
  });
});

describe('the language', () => {
  test('is the chosen one, else the first of the wished ones that is there, else English', () => {
    expect([languageOf('de', ['en']), languageOf('system', ['fr-CA', 'de-AT', 'en']), languageOf('system', ['fr'])]).toEqual([
      'de',
      'de',
      'en',
    ]);
  });
});

describe('numbers', () => {
  const { bytes, span, percent } = formatsIn('en');

  test('of bytes are decimal, with one digit where it says something', () => {
    expect([0, 999, 412_345, 999_900, 6_200_000, 214_000_000, 999_700_000, 14_000_000_000].map(bytes)).toEqual([
      '0 byte',
      '999 byte',
      '412 kB',
      '1 MB',
      '6.2 MB',
      '214 MB',
      '1 GB',
      '14 GB',
    ]);
  });

  test('of time left are rounded to five seconds, then to minutes', () => {
    expect([1, 12, 44, 59, 100, 4000, 7200].map(span)).toEqual([
      '5 seconds',
      '10 seconds',
      '45 seconds',
      '1 minute',
      '2 minutes',
      '67 minutes',
      '2 hours',
    ]);
  });

  test('are written as the language writes them', () => {
    expect([formatsIn('de').bytes(6_200_000), percent(0.625), formatsIn('de').number(1204)]).toEqual(['6,2 MB', '63%', '1.204']);
  });

  test('say how long ago something was, from a minute on', () => {
    const now = Date.parse('2026-11-02T10:12:00Z');
    const { relative } = formatsIn('en');
    expect(['2026-11-02T10:11:30Z', '2026-11-02T10:00:00Z', '2026-11-02T14:12:00Z'].map((utc) => relative(utc, now))).toEqual([
      null,
      '12 minutes ago',
      'in 4 hours',
    ]);
  });
});

describe('an address', () => {
  test('names a page and what is on it, or means the first page', () => {
    expect([routeOf('#/history/compare/5/7'), routeOf(''), routeOf('#/attic')]).toEqual([
      { page: 'history', rest: ['compare', '5', '7'] },
      { page: 'notes', rest: [] },
      { page: 'notes', rest: [] },
    ]);
  });
});

function read(language: string): Words {
  return parseWords(readFileSync(new URL(`../../src/renderer/words/${language}.json`, import.meta.url), 'utf8'));
}

function parseWords(text: string): Words {
  return JSON.parse(text) as Words;
}

/** The names of the values in each of the words, by key. */
function placesOf(words: Words, above = ''): Record<string, readonly string[]> {
  const each = Object.entries(words).flatMap(([key, value]) => {
    const name = `${above}${key}`;
    return typeof value === 'string' ? [[name, valuesIn(value)] as const] : Object.entries(placesOf(value, `${name}.`));
  });
  return Object.fromEntries(each);
}

function valuesIn(text: string): readonly string[] {
  return [...text.matchAll(/\{\{(\w+)/g)].map(([, name = '']) => name).toSorted();
}

function withoutPlural(key: string): string {
  return key.replace(/_(zero|one|two|few|many|other)$/, '');
}
