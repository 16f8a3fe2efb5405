import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Failed } from '../../../src/updater/model/failure.ts';
import type { PatchHeader, PatchStream } from '../../../src/updater/model/patch.ts';
import { readHeader, type Vouchers } from '../../../src/updater/patches/container.ts';
import { declaredSize, decompressFrame } from '../../../src/updater/patches/frame.ts';
import { containerAround, containerOf, craft, frameOf } from './crafted.ts';

const text = Buffer.from('what the file says');
const { header, frames } = craft({ form: 'whole', columns: [[text]], before: Buffer.alloc(0), after: text });
const [frame] = header.frames;
const [entry] = header.entries;
if (frame === undefined || entry === undefined || entry.op !== 'add') throw new Error('a patch of one frame');

/** The code that a patch file is refused with; null when it is accepted. */
function refusal(bytes: Buffer, expected: Vouchers = { allowUnsigned: true }): string | null {
  try {
    readHeader(bytes, expected);
    return null;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return error.code;
  }
}

function stream(offset: number, length: number): PatchStream {
  return { frame: 0, offset, length };
}

function changed(change: Partial<Record<keyof PatchHeader, unknown>>): Buffer {
  return containerOf({ ...header, ...change }, frames);
}

describe('readHeader', () => {
  test('returns what was written', () => {
    expect(readHeader(containerOf(header, frames), { allowUnsigned: true }).header).toEqual(header);
  });

  test.each([
    ['another magic', Buffer.concat([Buffer.from('DGMO_PATCH_V2\n'), containerOf(header, frames).subarray(14)])],
    ['nothing at all', Buffer.alloc(0)],
    ['a file that ends within its header', containerOf(header, []).subarray(0, -65)],
    ['a header over 64 MiB', containerAround(frameOf(text), 64 * 1024 ** 2 + 1, { frames: [], sign: () => Buffer.alloc(64) })],
    [
      'a header of another size than it says',
      containerAround(frameOf(text), text.length + 1, { frames: [], sign: () => Buffer.alloc(64) }),
    ],
    ['a header that is not JSON', containerAround(frameOf(text), text.length, { frames: [], sign: () => Buffer.alloc(64) })],
    ['a newsize of -1', changed({ entries: [{ ...entry, size: -1 }] })],
    ['a stream of negative length', changed({ entries: [{ ...entry, streams: [{ frame: 0, offset: 0, length: -1 }] }] })],
    ['an unknown form', changed({ entries: [{ ...entry, form: 'clever' }] })],
    ['an unknown operation', changed({ entries: [{ ...entry, op: 'run' }] })],
    ['an addition that begins with an old file', changed({ entries: [{ ...entry, form: 'sparse' }] })],
    ['another compression', changed({ compression: 'brotli' })],
    ['a path that climbs', changed({ entries: [{ ...entry, path: '../f' }] })],
    ['an absolute path', changed({ entries: [{ ...entry, path: '/f' }] })],
    ['the same path twice', changed({ entries: [entry, entry] })],
    ['frames that leave a gap', changed({ frames: [{ ...frame, offset: 1 }] })],
    ['frames that overlap', changed({ frames: [frame, { ...frame, offset: frame.size - 1 }] })],
    ['frames that do not fill the body', changed({ bodySize: header.bodySize + 1 })],
    ['a frame of more than 4 MiB', changed({ frames: [{ ...frame, plainSize: 4 * 1024 ** 2 + 1 }] })],
    ['a frame that nobody reads', changed({ entries: [] })],
    ['a stream beyond its frame', changed({ entries: [{ ...entry, streams: [{ frame: 0, offset: 0, length: text.length + 1 }] }] })],
    ['streams that overlap', changed({ entries: [{ ...entry, streams: [stream(0, 6), stream(4, 6), stream(12, 6)] }] })],
    ['a stream in no frame', changed({ entries: [{ ...entry, streams: [{ frame: 1, offset: 0, length: text.length }] }] })],
    ['streams of another size than the file', changed({ entries: [{ ...entry, size: text.length + 1 }] })],
    ['one result with two recipes', changed({ entries: [entry, { ...entry, path: 'g', streams: [] }] })],
  ])('S21 refuses %s', (_, bytes) => {
    expect(refusal(bytes)).toBe('build/invalid');
  });

  test('S21 refuses whatever is cut off', () => {
    const bytes = containerOf(header, []);
    for (let length = 0; length < bytes.length; length += 1) expect(refusal(bytes.subarray(0, length))).toBe('build/invalid');
  });
});

describe('the signature of a patch', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const signed = containerOf(header, frames, (bytes) => sign(null, hash('sha256', bytes, 'buffer'), privateKey));
  const headerSize = signed.length - header.bodySize;
  const keys = new Map([['none', raw]]);
  const headerSha256 = hash('sha256', signed.subarray(0, headerSize));

  test('is accepted from a known key, or when the manifest names the header', () => {
    expect([refusal(signed, { keys }), refusal(signed, { headerSha256 }), refusal(signed, { keys, headerSha256 })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('is refused when any byte of header or signature is another', () => {
    for (let i = 14; i < headerSize; i += 1) {
      const bytes = Buffer.from(signed);
      bytes.writeUInt8(bytes.readUInt8(i) ^ 1, i);
      expect([refusal(bytes, { keys }), refusal(bytes, { headerSha256 })]).toEqual(['build/invalid', 'build/invalid']);
    }
  });

  test('is refused from an unknown key that no manifest vouches for, and when it is all zeros', () => {
    const unsigned = containerOf(header, frames);
    const vouched = hash('sha256', unsigned.subarray(0, headerSize));
    expect([
      refusal(signed, { keys: new Map() }),
      refusal(signed, {}),
      refusal(unsigned, { keys }),
      refusal(unsigned, { headerSha256: vouched }),
    ]).toEqual(Array.from({ length: 4 }, () => 'build/invalid'));
  });
});

describe('S24 frames that are not what they say', () => {
  const bomb = frameOf(Buffer.alloc(600 * 1024 ** 2));

  test('S24 a bomb of 600 MB is refused within the limit', () => {
    expect(bomb.length).toBeLessThan(100_000);
    const before = process.memoryUsage.rss();
    expect(() => decompressFrame(bomb, 4 * 1024 ** 2)).toThrow('declares');
    expect(() => decompressFrame(withoutSize(bomb), 4 * 1024 ** 2)).toThrow('decompressed');
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 ** 2);
  });

  test('S24 a wrong content size is refused, in either direction and when none is declared', () => {
    expect(declaredSize(frameOf(text))).toBe(text.length);
    for (const size of [text.length - 1, text.length + 1]) expect(() => decompressFrame(frameOf(text), size)).toThrow('declares');
    const silent = withoutSize(frameOf(Buffer.alloc(300_000, 'moult')));
    expect(declaredSize(silent)).toBeNull();
    expect(decompressFrame(silent, 300_000)).toHaveLength(300_000);
    expect(() => decompressFrame(silent, 299_999)).toThrow('300000 bytes');
    expect(() => decompressFrame(silent, 300_001)).toThrow('300000 bytes');
  });

  test('S24 a frame that asks for a window of 2 GiB is refused', () => {
    const greedy = withoutSize(frameOf(Buffer.alloc(300_000, 'moult')), 0xa8);
    expect(() => decompressFrame(greedy, 300_000)).toThrow('decompressed');
  });
});

/** The same frame without its content size (RFC 8878, 3.1.1.1): a window instead, by default of 8 MiB. */
function withoutSize(bytes: Buffer, window = 0x68): Buffer {
  const [widths, descriptor] = [[1, 2, 4, 8], bytes.readUInt8(4)];
  const isSingle = (descriptor & 0x20) !== 0;
  const start = 5 + (isSingle ? 0 : 1) + (descriptor >> 6 === 0 && !isSingle ? 0 : (widths[descriptor >> 6] ?? 0));
  return Buffer.concat([bytes.subarray(0, 4), Buffer.from([descriptor & 0x04, window]), bytes.subarray(start)]);
}
