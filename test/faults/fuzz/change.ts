/** Turning right input into input that is nearly right: byte by byte, and value by value. */
import type { Random } from '../../updater/patches/random.ts';

/** Bytes with some of them flipped, cut out, doubled, or turned into what breaks readers. */
export function otherBytes(bytes: Uint8Array, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let i = 0; i <= random.below(3); i += 1) {
    const at = random.below(result.length);
    const to = Math.min(result.length, at + 1 + random.below(20));
    const kind = random.below(6);
    if (kind === 0) result = Buffer.concat([result.subarray(0, at), result.subarray(to)]);
    else if (kind === 1) result = Buffer.concat([result.subarray(0, to), result.subarray(at)]);
    else if (kind === 2) result = result.subarray(0, at);
    else if (kind === 3) result = Buffer.concat([result.subarray(0, at), Buffer.from(random.pick(splinters)), result.subarray(at)]);
    else if (result.length > 0) result.writeUInt8(random.pick([0, 0x22, 0x5c, 0x7b, 0x7d, 0xff, random.below(256)]), at);
  }
  return result;
}

const splinters = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\ud83d',
  '\u0000',
  '1e9',
  '-0',
  '0.5',
  'null',
  '\u202e',
  '\ufeff',
  '../',
];

/** The same JSON with one value, anywhere in it, turned into another, left out or put in twice. */
export function otherValue(value: unknown, random: Random): unknown {
  if (random.below(40) === 0) return random.pick(strangers);
  if (typeof value === 'number') return random.pick([0, 1, -1, value + 1, value - 1, 2 ** 31, 2 ** 53 - 1, null, String(value)]);
  if (typeof value === 'boolean') return random.pick<unknown>([!value, null, 0, 'true']);
  if (typeof value === 'string') return otherText(value, random);
  if (Array.isArray(value)) return otherList(value, random);
  if (typeof value !== 'object' || value === null) return random.pick(strangers);
  const fields = Object.entries(value);
  if (fields.length === 0) return { x: 1 };
  const [name, field]: [string, unknown] = random.pick(fields);
  const kind = random.below(12);
  if (kind === 0) return Object.fromEntries(fields.filter(([other]) => other !== name));
  if (kind === 1) return { ...value, [otherText(name, random)]: field };
  return { ...value, [name]: otherValue(field, random) };
}

const strangers: readonly unknown[] = [null, true, 0, -1, '', 'x', [], {}, [[]], { length: 1 }, 'a'.repeat(5000), 2 ** 53 - 1];

function otherText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  return random.pick([
    '',
    `${text}x`,
    text.slice(1),
    text.toUpperCase(),
    `${text.slice(0, at)}${random.pick(['/', '..', '\\', '\0', ' ', '.', '%2e', '\n', 'ß', '０'])}${text.slice(at)}`,
    '../x',
    '/x',
    'C:\\x',
    'CON',
    'constructor',
    '0'.repeat(64),
    'f'.repeat(64),
    '1.0.0',
    '0.0.1-x',
    '2020-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ]);
}

function otherList(list: readonly unknown[], random: Random): readonly unknown[] {
  if (list.length === 0) return [random.pick(strangers)];
  const at = random.below(list.length);
  const kind = random.below(5);
  if (kind === 0) return list.toSpliced(at, 1);
  if (kind === 1) return list.toSpliced(at, 0, list[random.below(list.length)]);
  if (kind === 2) return Array.from({ length: 3000 }, () => list[at]);
  return list.with(at, otherValue(list[at], random));
}
