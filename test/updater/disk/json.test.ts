import { expect, test } from 'vitest';
import { canonicalJson, parseJson } from '../../../src/updater/disk/json.ts';

const limits = { maxBytes: 1000 };

test.each([
  ['a name twice', '{"a":1,"a":2}'],
  ['a name twice, once escaped', '{"a":1,"\\u0061":2}'],
  ['a name twice deep inside', '[{"x":[{"b":{},"c":0,"b":{}}]}]'],
  ['__proto__', '{"__proto__":{}}'],
  ['__proto__, escaped', '{"\\u005f_proto__":1}'],
  ['an integer above 2^53', '[9007199254740993]'],
  ['an integer that would round to a safe one', '[9007199254740992]'],
  ['an integer below -2^53', '[-9007199254740993]'],
  ['a huge integer', `[${'9'.repeat(400)}]`],
  ['a fraction', '[0.5]'],
  ['an integer written as a fraction', '[1.0]'],
  ['an exponent', '[1e3]'],
  ['a capital exponent', '[1E3]'],
  ['a large exponent', '[1E400]'],
  ['minus zero', '[-0]'],
  ['text behind it', '{} {}'],
  ['a byte behind it', '{}\u0000'],
  ['a byte order mark', '\ufeff{}'],
  ['an unpaired surrogate', '["\\ud800"]'],
  ['an unpaired surrogate in a name', '{"\\udc00":1}'],
  ['a control character in a string', '["\n"]'],
  ['a comment', '{}//'],
  ['a trailing comma', '[1,]'],
  ['NaN', '[NaN]'],
  ['nothing', ''],
  ['an open string', '["abc'],
  ['an open string that ends with a backslash', '["abc\\'],
])('S32 JSON with %s is refused', (_what, text) => {
  expect(() => parseJson(Buffer.from(text), limits, 'check/invalid')).toThrow(expect.objectContaining({ code: 'check/invalid' }));
});

test('S32 JSON that is not UTF-8 is refused', () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0x80, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xe2, 0x82, 0x22],
  ]) {
    expect(() => parseJson(Buffer.from(bytes), limits)).toThrow(expect.objectContaining({ code: 'state/damaged' }));
  }
});

test('S32 JSON of depth 10,000 and of 100 MB is refused without being built', () => {
  for (const text of ['['.repeat(10_000), '{"a":'.repeat(10_000), `${'['.repeat(10_000)}${']'.repeat(10_000)}`]) {
    expect(() => parseJson(Buffer.from(text), { maxBytes: 100_000 })).toThrow('deeper than 64');
  }
  const before = process.memoryUsage().rss;
  expect(() => parseJson(Buffer.allocUnsafe(100 * 1024 ** 2), { maxBytes: 1024 })).toThrow('more than 1024');
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 ** 2);
});

test('depth 64 is read and depth 65 is not', () => {
  const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
  expect(() => parseJson(nested(64), limits)).not.toThrow();
  expect(() => parseJson(nested(65), limits)).toThrow('deeper');
  expect(() => parseJson(nested(3), { ...limits, maxDepth: 2 })).toThrow('deeper');
});

test('ordinary documents are read, whatever their strings hold', () => {
  const value = {
    'a:b': '{"x":1,"x":1.5}',
    list: [0, -1, 9007199254740991, true, false, null, '', '\\"', 'ü\u{1f600}'],
    empty: {},
    constructor: 'c',
  };
  expect(parseJson(Buffer.from(JSON.stringify(value, null, 2)), limits)).toEqual(value);
});

test('canonical JSON sorts names by code unit, has no spaces and reads back', () => {
  const value = { b: [1, { z: null, a: 'é"\\\n' }], '\u{1f600}': 1, '\uff5e': 2, a: undefined, A: true };
  const text = canonicalJson(value);
  expect(text).toBe('{"A":true,"b":[1,{"a":"é\\"\\\\\\n","z":null}],"\u{1f600}":1,"\uff5e":2}');
  expect(parseJson(Buffer.from(text), limits)).toEqual({ b: value.b, '\u{1f600}': 1, '\uff5e': 2, A: true });
});

test('canonical JSON never writes what cannot be read back', () => {
  for (const value of [
    0.5,
    2 ** 53,
    Number.NaN,
    -0,
    '\ud800',
    { '\udc00': 1 },
    JSON.parse('{"__proto__":1}'),
    1n,
    undefined,
    [undefined],
  ]) {
    expect(() => canonicalJson(value)).toThrow();
  }
});
