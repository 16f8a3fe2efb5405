/**
 * JSON as everything signed or stored is written and read.
 *
 * Stricter than RFC 8259: UTF-8 without byte order mark, names unique within an object, no `__proto__`, integers within ±(2^53 − 1)
 * only, no unpaired surrogates, bounded size and depth. Two readers can then never disagree about what a signed document says.
 */
import assert from 'node:assert';
import { Failed, type FailureCode } from '../model/failure.ts';

/** The most bytes and the deepest nesting (64 unless said) that a document may have. */
export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth?: number;
}

/** Returns the value of a strict JSON document; throws `Failed(code)`, by default `state/damaged`, before it has used more than the limits allow. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits, code: FailureCode = 'state/damaged'): unknown {
  const { maxBytes, maxDepth = 64 } = limits;
  if (bytes.length > maxBytes) throw new Failed(code, `JSON of ${bytes.length} bytes, more than ${maxBytes}`);
  const members = countMembers(bytes, maxDepth, code);
  const value = parseText(bytes, code);
  if (countChecked(value, code) !== members) throw new Failed(code, 'JSON with the same name twice in one object');
  return value;
}

/** Returns a value as JSON without spaces, its names sorted by UTF-16 code unit; members that are undefined are left out. Anything `parseJson` would refuse is a bug. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return canonicalText(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return canonicalObject(value);
  assert(value === null || typeof value === 'boolean' || isPlainInteger(value), 'not a value of canonical JSON');
  return String(value);
}

function canonicalText(text: string): string {
  assert(text.isWellFormed(), 'not well-formed Unicode');
  return JSON.stringify(text);
}

function canonicalObject(value: object): string {
  let text = '';
  for (const [name, member] of Object.entries(value).toSorted(byName)) {
    assert(name !== '__proto__', '__proto__ in canonical JSON');
    if (member !== undefined) text += `${text === '' ? '' : ','}${canonicalText(name)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/**
 * One pass over the bytes before anything is built: bounds the depth, refuses numbers that are written as floats, and counts
 * the members of all objects (colons outside strings), which is more than the parsed value has exactly when a name stands twice.
 */
function countMembers(bytes: Uint8Array, maxDepth: number, code: FailureCode): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === quote) i = endOfString(bytes, i + 1);
    else if (byte === colon) members += 1;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > maxDepth) throw new Failed(code, `JSON deeper than ${maxDepth}`);
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    else if (byte === dot || byte === bigE || (byte === smallE && isDigit(bytes[i - 1])))
      throw new Failed(code, 'JSON with a number that is not an integer');
  }
  return members;
}

/** The place of the closing quote; past the end when there is none, which the parser then refuses. */
function endOfString(bytes: Uint8Array, start: number): number {
  let i = start;
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
  return i;
}

const [quote, colon, backslash, dot] = [0x22, 0x3a, 0x5c, 0x2e];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const [bigE, smallE] = [0x45, 0x65];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function parseText(bytes: Uint8Array, code: FailureCode): unknown {
  try {
    // With `ignoreBOM` a byte order mark stays in the text, where JSON does not allow it.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    // A document from outside that is no JSON is an ordinary failure; the parser's own words say where.
    throw new Failed(code, `not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}`, { cause: error });
  }
}

/** Counts the members of all objects in a value while refusing what only shows once it is parsed. */
function countChecked(value: unknown, code: FailureCode): number {
  if (typeof value === 'string') return checkText(value, code);
  if (typeof value === 'number' && !isPlainInteger(value)) throw new Failed(code, 'JSON with a number beyond 2^53');
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += countChecked(item, code);
    return members;
  }
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__') throw new Failed(code, 'JSON with the name __proto__');
    members += 1 + checkText(name, code) + countChecked(member, code);
  }
  return members;
}

function checkText(text: string, code: FailureCode): 0 {
  if (!text.isWellFormed()) throw new Failed(code, 'JSON with text that is not well-formed Unicode');
  return 0;
}

function isPlainInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}
