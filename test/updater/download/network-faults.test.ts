import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { fetchParts } from '../../../src/updater/download/parts.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import * as faults from '../../faults/server/faults.ts';
import { newAuthority } from '../../faults/server/certificates.ts';
import { type Fault, type FaultServer, startFaultServer } from '../../faults/server/server.ts';
import { tempFolder } from '../../ground/folder.ts';
import { outcomeOf, partsOf, quickLimits, quickRemote, someBytes } from './fixture.ts';

const partBytes = 16 * 1024;
const file = someBytes(20 * partBytes + 5000);
const parts = partsOf(file, partBytes);

/**
 * `parts` and `bytes`: how fetching ranges, and fetching the whole into memory, end ('other' where only a signature could tell).
 * `again`: at most how many bytes more than the file's the server sends when ranges are fetched.
 */
interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly parts: string;
  readonly bytes: string;
  readonly again?: number;
}

// Two hundred exchanges at once on a busy machine take their time, and one that is only late must not count as slow.
const limits = { ...quickLimits, connectMs: 4000, answerMs: 1500, minimumWindowMs: 1000 };

const first = [0];
const gzip = faults.withHeaders(() => ({ 'Content-Encoding': 'gzip' }));
const cases: readonly Case[] = [
  { name: 'no fault at all', fault: ({ answer }) => answer, parts: 'exact', bytes: 'exact', again: 0 },
  {
    name: 'a cut in the first answer',
    fault: faults.only(first, faults.cutAfter(20_000)),
    parts: 'exact',
    bytes: 'exact',
    again: partBytes,
  },
  { name: 'a cut in a later answer', fault: faults.only([2], faults.cutAfter(50_000)), parts: 'exact', bytes: 'exact', again: partBytes },
  {
    name: 'a cut in every third answer',
    fault: (turn) => (turn.n % 3 === 0 ? faults.cutAfter(40_000)(turn) : turn.answer),
    parts: 'exact',
    bytes: 'exact',
    again: 6 * partBytes,
  },
  { name: 'a cut within the first part of every answer', fault: faults.cutAfter(7000), parts: 'exact', bytes: 'fetch/offline', again: 0 },
  { name: 'a cut after every single byte', fault: faults.cutAfter(1), parts: 'fetch/offline', bytes: 'fetch/offline' },
  {
    name: 'a reset in the middle of an answer',
    fault: faults.only([1], faults.cutAfter(30_000, 'reset')),
    parts: 'exact',
    bytes: 'exact',
    again: 64 * 1024,
  },
  {
    name: 'a reset instead of an answer, once',
    fault: faults.only(first, faults.hungUp('reset')),
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
  { name: 'a reset instead of every answer', fault: faults.hungUp('reset'), parts: 'fetch/offline', bytes: 'fetch/offline' },
  { name: 'a connection closed at once, once', fault: faults.only([1], faults.hungUp('end')), parts: 'exact', bytes: 'exact', again: 0 },
  { name: 'every connection closed at once', fault: faults.hungUp('end'), parts: 'fetch/offline', bytes: 'fetch/offline' },
  { name: 'a corrupt byte, once', fault: faults.only([2], faults.corrupted(30_000)), parts: 'exact', bytes: 'exact', again: 64 * 1024 },
  { name: 'a corrupt byte in every answer, each time elsewhere', fault: faults.corrupted(30_000), parts: 'exact', bytes: 'other' },
  {
    name: 'a corrupt byte that stays',
    fault: (turn) => faults.corrupted(100_000 - Number(/\d+/.exec(turn.request.headers['range'] ?? '0')?.[0] ?? 0))(turn),
    parts: 'fetch/corrupt',
    bytes: 'other',
  },
  { name: 'HTTP 500, once', fault: faults.only(first, faults.replaced(500)), parts: 'exact', bytes: 'exact', again: 100 },
  { name: 'HTTP 503, always', fault: faults.replaced(503), parts: 'fetch/refused', bytes: 'fetch/refused' },
  {
    name: 'HTTP 429 with Retry-After, once',
    fault: faults.only(first, faults.replaced(429, { 'Retry-After': '7' })),
    parts: 'exact',
    bytes: 'exact',
    again: 100,
  },
  { name: 'HTTP 403', fault: faults.replaced(403), parts: 'fetch/refused', bytes: 'fetch/refused' },
  { name: 'HTTP 404', fault: faults.replaced(404), parts: 'fetch/refused', bytes: 'nothing' },
  { name: 'HTTP 204', fault: faults.replaced(204), parts: 'fetch/refused', bytes: 'fetch/refused' },
  { name: 'HTTP 304', fault: faults.replaced(304), parts: 'fetch/refused', bytes: 'fetch/refused' },
  { name: 'HTTP 416 for every range', fault: faults.ranged(faults.replaced(416)), parts: 'exact', bytes: 'exact', again: 100 },
  { name: 'HTTP 416 for everything', fault: faults.replaced(416), parts: 'fetch/refused', bytes: 'fetch/refused' },
  {
    name: 'ranges that are ignored',
    fault: ({ answer }) => ({
      status: 200,
      headers: { 'Content-Length': String(file.length) },
      body: answer.status === 200 ? answer.body : file,
    }),
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
  {
    name: 'ranges that stop working',
    fault: (turn) => (turn.n < 3 ? turn.answer : faults.ranged(faults.replaced(416))(turn)),
    parts: 'exact',
    bytes: 'exact',
  },
  {
    name: 'a Content-Range from another place',
    fault: faults.withHeaders(() => ({ 'Content-Range': `bytes 5-${partBytes}/${file.length}` })),
    parts: 'fetch/corrupt',
    bytes: 'exact',
  },
  {
    name: 'a Content-Range of a longer file',
    fault: faults.ranged(faults.withHeaders(({ headers }) => ({ 'Content-Range': headers['Content-Range']?.replace(/\d+$/, '99999999') }))),
    parts: 'fetch/corrupt',
    bytes: 'exact',
  },
  {
    name: 'a 206 without Content-Range',
    fault: faults.withHeaders(() => ({ 'Content-Range': undefined })),
    parts: 'fetch/corrupt',
    bytes: 'exact',
  },
  {
    name: 'a 206 in several parts',
    fault: faults.ranged(faults.withHeaders(() => ({ 'Content-Range': undefined, 'Content-Type': 'multipart/byteranges; boundary=x' }))),
    parts: 'fetch/corrupt',
    bytes: 'exact',
  },
  { name: 'a 206 that nobody asked for', fault: ({ answer }) => ({ ...answer, status: 206 }), parts: 'exact', bytes: 'fetch/corrupt' },
  {
    name: 'ranges shorter than asked for',
    fault: ({ answer, request }) => shorter(answer, request.headers['range']),
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
  {
    name: 'an ETag that changes with every answer',
    fault: (turn) => faults.withHeaders(() => ({ ETag: `"${turn.n}"` }))(turn),
    parts: 'exact',
    bytes: 'exact',
  },
  { name: 'a weak ETag', fault: faults.withHeaders(() => ({ ETag: 'W/"first"' })), parts: 'exact', bytes: 'exact', again: 0 },
  {
    name: 'a file that is another one from the third answer on',
    fault: (turn) =>
      turn.n < 2
        ? turn.answer
        : { ...turn.answer, headers: { ...turn.answer.headers, ETag: '"second"' }, body: turn.answer.body.map((byte) => byte ^ 1) },
    parts: 'fetch/corrupt',
    bytes: 'exact',
  },
  { name: 'a gzip bomb', fault: gzip, parts: 'fetch/refused', bytes: 'fetch/refused' },
  {
    name: 'two encodings',
    fault: faults.withHeaders(() => ({ 'Content-Encoding': 'identity', 'content-encoding': 'gzip' })),
    parts: 'fetch/refused',
    bytes: 'fetch/refused',
  },
  { name: 'a redirect loop', fault: faults.replaced(302, { Location: '/files/file' }), parts: 'fetch/refused', bytes: 'fetch/refused' },
  { name: 'headers that come one byte at a time', fault: faults.slowHeaders, parts: 'fetch/slow', bytes: 'fetch/slow' },
  { name: 'no answer, once', fault: faults.only(first, faults.silent), parts: 'exact', bytes: 'exact', again: 0 },
  { name: 'no answer, ever', fault: faults.silent, parts: 'fetch/slow', bytes: 'fetch/slow' },
  { name: 'a body of ten bytes every few milliseconds', fault: faults.slowBody(10, 10), parts: 'fetch/slow', bytes: 'fetch/slow' },
  {
    name: 'a body that is just fast enough',
    fault: faults.only(first, faults.slowBody(2000, 2)),
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
  {
    name: 'a stall in the middle, once',
    fault: faults.only([1], faults.stallAfter(40_000)),
    parts: 'exact',
    bytes: 'exact',
    again: partBytes,
  },
  { name: 'a stall at the start of every body', fault: faults.stallAfter(500), parts: 'fetch/slow', bytes: 'fetch/slow' },
  { name: 'a garbage status line', fault: faults.garbage('!\u0000garbage\r\n\r\n'), parts: 'fetch/refused', bytes: 'fetch/refused' },
  {
    name: 'a garbage status line, once',
    fault: faults.only([1], faults.garbage('SSH-2.0-OpenSSH_9\r\n')),
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
  {
    name: 'endless headers',
    fault: faults.endless(() => 'HTTP/1.1 200 OK\r\n', `X-More: ${'x'.repeat(1000)}\r\n`),
    parts: 'fetch/too-large',
    bytes: 'fetch/too-large',
  },
  {
    name: 'endless notes before the answer',
    fault: faults.endless(() => '', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    parts: 'fetch/slow',
    bytes: 'fetch/slow',
  },
  {
    name: 'an endless body of other bytes',
    fault: faults.endless(() => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', faults.chunk),
    parts: 'fetch/corrupt',
    bytes: 'fetch/too-large',
  },
  {
    name: 'an endless body after the right bytes',
    fault: async (turn) => {
      turn.socket.write('HTTP/1.1 200 OK\r\n\r\n');
      await turn.write(file);
      return faults.endless(() => '', '\u0000'.repeat(65_536))(turn);
    },
    parts: 'exact',
    bytes: 'fetch/too-large',
  },
  {
    name: 'broken chunks',
    fault: faults.garbage('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'),
    parts: 'fetch/offline',
    bytes: 'fetch/offline',
  },
  {
    name: 'an empty body',
    fault: ({ answer }) => ({ ...answer, headers: { ...answer.headers, 'Content-Length': '0' }, body: new Uint8Array() }),
    parts: 'fetch/corrupt',
    bytes: 'other',
  },
  {
    name: 'an empty 200',
    fault: () => ({ status: 200, headers: { 'Content-Length': '0' }, body: new Uint8Array() }),
    parts: 'fetch/corrupt',
    bytes: 'other',
  },
  {
    name: 'a length that is too long',
    fault: async (turn) => {
      await turn.send({ ...turn.answer, headers: { ...turn.answer.headers, 'Content-Length': String(turn.answer.body.length + 9) } });
      turn.socket.end();
      return null;
    },
    parts: 'fetch/corrupt',
    bytes: 'fetch/too-large',
  },
  {
    name: 'a length that is too short',
    fault: faults.withHeaders(({ body }) => ({ 'Content-Length': String(body.length - 9) })),
    parts: 'fetch/corrupt',
    bytes: 'other',
  },
  {
    name: 'a length of 2 to the 80',
    fault: faults.withHeaders(() => ({ 'Content-Length': '1208925819614629174706176' })),
    parts: 'fetch/refused',
    bytes: 'fetch/refused',
  },
  {
    name: 'two lengths that disagree',
    fault: faults.withHeaders(() => ({ 'content-length': '5' })),
    parts: 'fetch/refused',
    bytes: 'fetch/refused',
  },
  {
    name: 'a body without a length that ends with the connection',
    fault: async (turn) => {
      await faults.withHeaders(() => ({ 'Content-Length': undefined }))({ ...turn, answer: turn.answer });
      await turn.send({
        ...turn.answer,
        headers: {
          ETag: '"first"',
          ...(turn.answer.headers['Content-Range'] === undefined ? {} : { 'Content-Range': turn.answer.headers['Content-Range'] }),
        },
      });
      turn.socket.end();
      return null;
    },
    parts: 'exact',
    bytes: 'exact',
    again: 0,
  },
];

/** A server that gives at most 30,000 bytes of a range, and says so. */
function shorter(answer: Awaited<ReturnType<Fault>> & object, range: string | undefined): typeof answer {
  const from = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
  if (answer.status !== 206) return answer;
  const body = answer.body.subarray(0, 30_000);
  const headers = {
    ...answer.headers,
    'Content-Range': `bytes ${from}-${from + body.length - 1}/${file.length}`,
    'Content-Length': String(body.length),
  };
  return { ...answer, headers, body };
}

/** What a server and its client need to meet in one of the two ways: with a certificate for TLS 1.3, or plain on this machine. */
const transports = { plain: null, 'HTTPS with TLS 1.3': newAuthority('Known to the client') } as const;
const both = (Object.keys(transports) as (keyof typeof transports)[]).map((transport) => ({ transport }));
const place = await tempFolder();
const caFile = join(place.path, 'ca.pem');
await writeFile(caFile, transports['HTTPS with TLS 1.3'].certificate);
afterAll(() => place[Symbol.asyncDispose]());

function startServer(transport: keyof typeof transports, fault: Fault): Promise<FaultServer> {
  const authority = transports[transport];
  if (authority === null) return startFaultServer({ files: { file }, fault });
  const { certificate: cert, key } = authority.issue(['127.0.0.1']);
  return startFaultServer({ files: { file }, fault, tls: { cert, key, minVersion: 'TLSv1.3' } });
}

describe.concurrent.each(both)('R13 parts survive the network, or fail with a code, over $transport', ({ transport }) => {
  it.each(cases)('R13 parts: $name', { timeout: 30_000 }, async ({ fault, parts: expected, again }) => {
    await using folder = await tempFolder();
    await using server = await startServer(transport, fault);
    await using remote = quickRemote([server.url], { caFile, limits });
    const path = join(folder.path, 'download');
    const outcome = await outcomeOf(fetchParts(remote, { name: 'file', file: path, size: file.length, parts }, quietJob()));
    const isExact = outcome === undefined && file.equals(await readFile(path));
    expect(isExact ? 'exact' : outcome).toBe(expected);
    if (again !== undefined) expect(server.bytesSent - file.length).toBeLessThanOrEqual(again);
  });
});

describe.concurrent.each(both)('R13 a whole file survives the network, or fails with a code, over $transport', ({ transport }) => {
  it.each(cases)('R13 bytes: $name', { timeout: 30_000 }, async ({ fault, bytes: expected }) => {
    await using server = await startServer(transport, fault);
    await using remote = quickRemote([server.url], { caFile, limits });
    const outcome = await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: file.length }, quietJob()));
    const found = Buffer.isBuffer(outcome) ? (file.equals(outcome) ? 'exact' : 'other') : (outcome ?? 'nothing');
    expect(found).toBe(expected);
  });
});
