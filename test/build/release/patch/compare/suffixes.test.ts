import { expect, test } from 'vitest';
import { sortSuffixes } from '../../../../../build/release/patch/compare/search/suffixes.ts';
import { Random } from '../../../../updater/patches/random.ts';

/** By definition: compares every suffix with every other. */
function sortNaively(text: Buffer): Int32Array {
  return Int32Array.from(text.keys()).toSorted((a, b) => Buffer.compare(text.subarray(a), text.subarray(b)));
}

test('suffixes come out as a naive sort has them, for thousands of short texts of few letters', () => {
  const random = new Random(11);
  for (let run = 0; run < 4000; run += 1) {
    const letters = random.pick([1, 2, 3, 4, 256]);
    const text = Buffer.from(Array.from({ length: random.below(70) }, () => random.below(letters)));
    expect([text, sortSuffixes(text)]).toEqual([text, sortNaively(text)]);
  }
});

test('suffixes come out as a naive sort has them, where names repeat again and again', () => {
  const random = new Random(12);
  const [block, text] = [random.bytes(40), random.text(150)];
  const cases = {
    'one byte over and over': Buffer.alloc(5000, 7),
    'one block over and over': Buffer.alloc(5000, block),
    'blocks of blocks': Buffer.concat([block, block, text, block, text, block, block, text]),
    rising: Buffer.from(Array.from({ length: 2000 }, (_, i) => i >> 3)),
    falling: Buffer.from(Array.from({ length: 2000 }, (_, i) => 255 - (i >> 3))),
    random: random.bytes(20_000),
    text,
  };
  for (const [name, bytes] of Object.entries(cases)) expect([name, sortSuffixes(bytes)]).toEqual([name, sortNaively(bytes)]);
});

test('a text of nothing has no suffixes, one letter has one', () => {
  expect([[...sortSuffixes(Buffer.alloc(0))], [...sortSuffixes(Buffer.from('a'))]]).toEqual([[], [0]]);
});
