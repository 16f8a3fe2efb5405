import { describe, expect, it } from 'vitest';
import { contentLength, contentRange, retryAfterMs, strongValidator } from '../../../../src/updater/download/sources/headers.ts';

describe('answer headers', () => {
  it.each([
    ['bytes 0-9/100', { from: 0, to: 10, totalBytes: 100 }],
    ['bytes 5-5/*', { from: 5, to: 6, totalBytes: null }],
    ['bytes */100', null],
    ['bytes 0-9', null],
    ['bytes=0-9/100', null],
    ['bytes 0-9/100, bytes 20-29/100', null],
    ['bytes -1-9/100', null],
    ['bytes 0-99999999999999999999/100', null],
  ])('Content-Range %s', (text, expected) => {
    expect(contentRange({ 'content-range': text })).toEqual(expected);
  });

  it('a header that stands there twice is none', () => {
    expect([
      contentRange({ 'content-range': ['bytes 0-9/100', 'bytes 0-9/100'] }),
      contentLength({ 'content-length': ['1', '1'] }),
    ]).toEqual([null, null]);
  });

  it.each([
    ['"abc"', '"abc"'],
    ['""', '""'],
    ['W/"abc"', null],
    ['abc', null],
    ['"a"b"', null],
    [`"${'x'.repeat(300)}"`, null],
  ])('ETag %s', (text, expected) => {
    expect(strongValidator({ etag: text })).toBe(expected);
  });

  it.each([
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:27:00 GMT', date: 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT' }, null],
    [{}, null],
  ])('Retry-After %j', (headers, expected) => {
    expect(retryAfterMs(headers)).toBe(expected);
  });
});
