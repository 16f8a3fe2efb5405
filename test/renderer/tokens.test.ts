import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const sheet = readFileSync(new URL('../../src/renderer/styles/tokens.css', import.meta.url), 'utf8');
// What holds where nobody asks for more: the block for more contrast says some of them again.
const [usual = ''] = sheet.split('@media');
const tokens = new Map(
  [...usual.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name = '', light = '', dark = '']) => [
    name,
    { light, dark },
  ]),
);
const planes = ['canvas', 'surface', 'raised', 'sunken', 'hover', 'chosen'];
const banners = ['banner-subtle', 'banner-yellow', 'banner-orange', 'banner-red', 'banner-ready'];
const badges = ['neutral', 'info', 'good', 'warn', 'high', 'bad'];

describe.each(['light', 'dark'] as const)('the colours in the %s', (scheme) => {
  const against = (front: string, grounds: readonly string[]): readonly string[] =>
    grounds.map((ground) => `${front} on ${ground} ${contrast(colour(front, scheme), colour(ground, scheme)).toFixed(2)}`);
  const below = (least: number, pairs: readonly string[]): readonly string[] =>
    pairs.filter((pair) => Number(pair.slice(pair.lastIndexOf(' '))) < least);

  test('carry text with a contrast of 5.8 at least', () => {
    const pairs = [
      ...against('text', [...planes, ...banners]),
      ...against('text-soft', planes),
      ...against('accent-text', ['surface', 'raised', 'canvas']),
      ...against('danger-text', ['surface', 'raised', 'hover']),
      ...against('on-accent', ['accent', 'accent-hover']),
      ...against('on-danger', ['danger', 'danger-hover']),
    ];
    expect(below(5.8, pairs)).toEqual([]);
  });

  test('carry the words of badges with 8.9', () => {
    expect(
      below(
        8.9,
        badges.flatMap((badge) => against(`on-${badge}`, [badge])),
      ),
    ).toEqual([]);
  });

  test('show where controls end with 3.5', () => {
    expect(below(3.5, against('border', ['canvas', 'surface', 'raised', 'sunken']))).toEqual([]);
  });

  test('show the focus with 4.9 on every plane and every banner', () => {
    expect(below(4.9, against('focus', [...planes, ...banners]))).toEqual([]);
  });
});

test('a person who asks for more contrast gets it', () => {
  expect(sheet).toMatch(/prefers-contrast: more/);
});

function colour(name: string, scheme: 'light' | 'dark'): string {
  const token = tokens.get(name);
  if (token === undefined) throw new Error(`there is no colour --${name}`);
  return token[scheme];
}

/** The ratio of WCAG 2.2, 1.4.3: 1 (none) to 21. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(hex.slice(at, at + 2), 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}
