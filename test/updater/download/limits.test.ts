import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdir, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fetchBytes } from '../../../src/updater/download/bytes.ts';
import { fetchParts } from '../../../src/updater/download/parts.ts';
import { openBandwidth } from '../../../src/updater/download/sources/bandwidth.ts';
import type { Progress } from '../../../src/updater/model/job.ts';
import { quietJob } from '../../../src/updater/model/job.ts';
import { plain } from '../../faults/server/answer.ts';
import { newAuthority } from '../../faults/server/certificates.ts';
import * as faults from '../../faults/server/faults.ts';
import { type Fault, startFaultServer, until } from '../../faults/server/server.ts';
import { tempFolder } from '../../ground/folder.ts';
import { outcomeOf, partsOf, quickLimits, quickRemote, someBytes } from './fixture.ts';

const file = someBytes(300_000);
const parts = partsOf(file, 10_000);
const endless = (head: string): Fault => faults.endless(() => `HTTP/1.1 200 OK\r\n${head}\r\n`, 'x'.repeat(65_536));

/** Runs some work and returns the bytes that each of undici's sockets read during it. */
async function readBy(work: () => Promise<unknown>): Promise<{ outcome: unknown; bytesRead: readonly number[] }> {
  const sockets: Socket[] = [];
  const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe('undici:client:connected', note);
  try {
    const outcome = await work();
    return { outcome, bytesRead: sockets.map((socket) => socket.bytesRead) };
  } finally {
    unsubscribe('undici:client:connected', note);
  }
}

describe('S33 nothing is endless', () => {
  it.each([0, 1, 1000, 65_536, 1_000_000])(
    'S33 of an endless body, at most %i bytes + 64 KiB are read, and the socket is closed',
    async (maxBytes) => {
      await using server = await startFaultServer({ files: {}, fault: endless('') });
      await using remote = quickRemote([server.url]);
      const { outcome, bytesRead } = await readBy(() => outcomeOf(fetchBytes(remote, { name: 'timestamp.json', maxBytes }, quietJob())));
      const head = 'HTTP/1.1 200 OK\r\n\r\n'.length;
      expect({ outcome, sockets: bytesRead.length }).toEqual({ outcome: 'fetch/too-large', sockets: 1 });
      expect(bytesRead[0]).toBeLessThanOrEqual(maxBytes + 65_536 + head);
      await server.closed(2000);
    },
  );

  it('S33 a length above the limit is refused by its announcement', async () => {
    await using server = await startFaultServer({ files: {}, fault: endless('Content-Length: 1000001\r\n') });
    await using remote = quickRemote([server.url]);
    const { outcome, bytesRead } = await readBy(() => outcomeOf(fetchBytes(remote, { name: 'x', maxBytes: 1_000_000 }, quietJob())));
    expect({ outcome, isLittle: (bytesRead[0] ?? 0) <= 3 * 65_536 }).toEqual({ outcome: 'fetch/too-large', isLittle: true });
    await server.closed(2000);
  });

  it('S33 an endless error page is not read', async () => {
    await using server = await startFaultServer({ files: {}, fault: faults.endless(() => 'HTTP/1.1 404 No\r\n\r\n', 'x'.repeat(65_536)) });
    await using remote = quickRemote([server.url]);
    const { outcome, bytesRead } = await readBy(() => outcomeOf(fetchBytes(remote, { name: 'x', maxBytes: 1_000_000 }, quietJob())));
    expect({ outcome, isLittle: (bytesRead[0] ?? 0) <= 2 * 65_536 }).toEqual({ outcome: null, isLittle: true });
    await until(() => server.openConnections === 0, 2000);
  });

  it('S33 an endless target is read no further than its signed size', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: {}, fault: endless('') });
    await using remote = quickRemote([server.url], { limits: { ...quickLimits, attempts: 1 } });
    const wanted = {
      name: 'x',
      file: join(folder.path, 'x'),
      size: file.length,
      parts: [{ offset: 0, size: file.length, sha256: parts[0]?.sha256 ?? '' }],
    };
    const { outcome, bytesRead } = await readBy(() => outcomeOf(fetchParts(remote, wanted, quietJob())));
    expect(outcome).toBe('fetch/corrupt');
    expect(bytesRead[0]).toBeLessThanOrEqual(file.length + 65_536 + 19);
    await server.closed(2000);
  });

  it('what nobody reads yet stays with the server: memory is bounded', async () => {
    await using server = await startFaultServer({ files: {}, fault: endless('') });
    await using remote = quickRemote([server.url], { bytesPerSecond: 1, wait: (_, signal) => sleep(60_000, undefined, { signal }) });
    const stop = new AbortController();
    const work = async (): Promise<unknown> => {
      const outcome = outcomeOf(fetchBytes(remote, { name: 'x', maxBytes: 1e9 }, { signal: stop.signal, report: () => undefined }));
      await sleep(150);
      stop.abort();
      return outcome;
    };
    const { outcome, bytesRead } = await readBy(work);
    expect(outcome).toBe('job/cancelled');
    expect(bytesRead[0]).toBeLessThanOrEqual(512 * 1024);
  });

  it('a file that is exactly as large as allowed is fine', async () => {
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    expect(await fetchBytes(remote, { name: 'file', maxBytes: file.length }, quietJob())).toEqual(file);
    expect(await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: file.length - 1 }, quietJob()))).toBe('fetch/too-large');
  });
});

describe('S02 names', () => {
  const names = ['../x', '/etc/passwd', 'a/../../x', 'CON', 'a\u0000b', 'x'.repeat(5000), 'a\\b', 'a//b', '', '.', 'c:x', 'a?b'];
  it.each(names)('S02 a name that is not plain is refused before anything is asked: %j', async (name) => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: {} });
    await using remote = quickRemote([server.url, folder.path]);
    const wanted = { name, file: join(folder.path, 'local'), size: file.length, parts };
    expect(await outcomeOf(fetchBytes(remote, { name, maxBytes: 10 }, quietJob()))).toBe('fetch/refused');
    expect(await outcomeOf(fetchParts(remote, wanted, quietJob()))).toBe('fetch/refused');
    expect(server.requests).toEqual([]);
  });

  it('S02 whatever a download is called by the server, its local name is ours', async () => {
    await using folder = await tempFolder();
    const name = "a'b;$(x)%PATH%.bin";
    const fault = faults.withHeaders(() => ({ 'Content-Disposition': 'attachment; filename="../evil"', 'Content-Location': '/etc/evil' }));
    await using server = await startFaultServer({ files: { [name]: file }, fault });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, { name, file: join(folder.path, 'ours'), size: file.length, parts }, quietJob());
    expect(await readdir(folder.path)).toEqual(['ours']);
    expect(server.requests[0]?.path).toBe("/files/a'b%3B%24(x)%25PATH%25.bin");
  });
});

describe('S03 a server without keys', () => {
  it('S03 whoever owns the server and its certificate cannot bring a part into use that was not published', async () => {
    await using folder = await tempFolder();
    const authority = newAuthority('Owned');
    const { certificate, key } = authority.issue(['127.0.0.1']);
    const caFile = join(folder.path, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const evil = someBytes(file.length, 2);
    await using server = await startFaultServer({ files: { file: evil }, tls: { cert: certificate, key } });
    await using remote = quickRemote([server.url], { caFile });
    const path = join(folder.path, 'local');
    const wanted = { name: 'file', file: path, size: file.length, parts };
    expect(await outcomeOf(fetchParts(remote, wanted, quietJob()))).toBe('fetch/corrupt');
    // What is left behind is not taken for a verified part by the next one, who needs everything.
    await using honest = await startFaultServer({ files: { file } });
    await using other = quickRemote([honest.url]);
    await fetchParts(other, wanted, quietJob());
    expect(honest.bytesSent).toBe(file.length);
  });
});

describe('stopping', () => {
  const stalls: readonly (readonly [string, Fault])[] = [
    ['before the answer', faults.silent],
    ['in the headers', faults.slowHeaders],
    ['in the body', faults.stallAfter(5000)],
    ['in a slow body', faults.slowBody(1200, 20)],
  ];
  it.each(stalls)('a job that is stopped %s closes its sockets at once', async (_, fault) => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: { file }, fault });
    await using remote = quickRemote([server.url], { limits: { ...quickLimits, answerMs: 60_000, minimumWindowMs: 60_000 } });
    const stop = new AbortController();
    const job = { signal: stop.signal, report: () => undefined };
    const bytes = outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 1e9 }, job));
    const ranges = outcomeOf(fetchParts(remote, { name: 'file', file: join(folder.path, 'x'), size: file.length, parts }, job));
    await until(() => server.requests.length === 2, 2000);
    await sleep(20);
    stop.abort();
    expect(await Promise.all([bytes, ranges])).toEqual(['job/cancelled', 'job/cancelled']);
    await server.closed(1000);
  });

  it('a job that is stopped while many streams run stops them all', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({
      files: { file },
      fault: (turn) => (turn.n === 0 ? turn.answer : faults.stallAfter(100)(turn)),
    });
    await using remote = quickRemote([server.url], { limits: { ...quickLimits, rangeBytes: 10_000, minimumWindowMs: 60_000 } });
    const stop = new AbortController();
    const job = { signal: stop.signal, report: () => undefined };
    const ranges = outcomeOf(fetchParts(remote, { name: 'file', file: join(folder.path, 'x'), size: file.length, parts }, job));
    await until(() => server.requests.length === 5, 2000);
    stop.abort(new DOMException('enough', 'AbortError'));
    expect(await ranges).toBe('job/cancelled');
    await server.closed(1000);
  });

  it('a job that was stopped before asks nobody', async () => {
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    const job = { signal: AbortSignal.abort(), report: () => undefined };
    expect(await outcomeOf(fetchBytes(remote, { name: 'file', maxBytes: 1e9 }, job))).toBe('job/cancelled');
    expect(server.requests).toEqual([]);
  });

  it('closing a remote closes what is open', async () => {
    await using server = await startFaultServer({ files: { file } });
    const remote = quickRemote([server.url]);
    await fetchBytes(remote, { name: 'file', maxBytes: 1e9 }, quietJob());
    expect(server.openConnections).toBe(1);
    await remote[Symbol.asyncDispose]();
    await server.closed(1000);
  });
});

describe('bandwidth', () => {
  it('the bucket lets no more through than its rate and a burst, however many draw from it', async () => {
    let now = 0;
    const waits: number[] = [];
    const bandwidth = openBandwidth(
      1000,
      (ms) => Promise.resolve(void waits.push(ms)),
      () => now,
    );
    const { signal } = new AbortController();
    await bandwidth.take(250, signal);
    await bandwidth.take(500, signal);
    await bandwidth.take(500, signal);
    now = 600;
    await bandwidth.take(100, signal);
    now = 1_000_000;
    await bandwidth.take(250, signal);
    await bandwidth.take(1, signal);
    expect(waits).toEqual([500, 1000, 500, 1]);
  });

  it('all streams of a remote share the cap, and a cap below the minimum rate is not the network being slow', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: { file } });
    const limits = { ...quickLimits, minimumBytes: 1e9, minimumWindowMs: 400, rangeBytes: 20_000 };
    await using remote = quickRemote([server.url], { bytesPerSecond: 400_000, limits, wait: (ms) => sleep(ms) });
    const since = performance.now();
    await fetchParts(remote, { name: 'file', file: join(folder.path, 'x'), size: file.length, parts }, quietJob());
    expect(performance.now() - since).toBeGreaterThan(450);
  });
});

describe('what the server hears', () => {
  it('asks for plain bytes, says who asks, and insists on the state that it knows', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({ files: { file } });
    await using remote = quickRemote([server.url]);
    await fetchParts(remote, { name: 'file', file: join(folder.path, 'x'), size: file.length, parts }, quietJob());
    const heard = server.requests.map(({ headers }) => [headers['range'], headers['if-range'] ?? 'always'].join(' '));
    expect(new Set(heard)).toEqual(
      new Set([
        'bytes=0-59999 always',
        'bytes=60000-119999 "first"',
        'bytes=120000-179999 "first"',
        'bytes=180000-239999 "first"',
        'bytes=240000-299999 "first"',
      ]),
    );
    expect(server.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'user-agent': 'moult-test' });
  });

  it('waits as long as the server asks, else longer and longer', async () => {
    const answers = [plain(429, '', { 'Retry-After': '7' }), plain(503, '', { 'Retry-After': '60' }), plain(500, ''), plain(500, '')];
    await using server = await startFaultServer({ files: { file }, fault: ({ n, answer }) => answers[n] ?? answer });
    await using remote = quickRemote([server.url], { limits: { ...quickLimits, attempts: 5 } });
    await fetchBytes(remote, { name: 'file', maxBytes: 1e9 }, quietJob());
    expect(remote.pauses).toEqual([7000, 60_000, 200, 400]);
  });

  it('leaves a server alone that asks for more patience than a download has, and says for how long', async () => {
    await using server = await startFaultServer({ files: { file }, fault: () => plain(503, '', { 'Retry-After': '86400' }) });
    await using remote = quickRemote([server.url]);
    const failed = fetchBytes(remote, { name: 'file', maxBytes: 1e9 }, quietJob());
    await expect(failed).rejects.toMatchObject({ code: 'fetch/refused', retryAfterMs: 86_400_000 });
    expect([server.requests.length, remote.pauses]).toEqual([1, []]);
  });

  it('a byte of progress does not renew the patience, a verified part does', async () => {
    await using folder = await tempFolder();
    await using bytewise = await startFaultServer({ files: { file }, fault: faults.cutAfter(1) });
    await using remote = quickRemote([bytewise.url]);
    const wanted = { name: 'file', file: join(folder.path, 'x'), size: file.length, parts };
    expect(await outcomeOf(fetchParts(remote, wanted, quietJob()))).toBe('fetch/offline');
    expect(bytewise.requests.length).toBe(quickLimits.attempts);
    await using partwise = await startFaultServer({ files: { file }, fault: faults.cutAfter(10_000) });
    await using other = quickRemote([partwise.url]);
    expect(await outcomeOf(fetchParts(other, wanted, quietJob()))).toBe(undefined);
    expect(partwise.bytesSent).toBe(file.length);
  });

  it('reports every byte once and never goes back', async () => {
    await using folder = await tempFolder();
    await using server = await startFaultServer({
      files: { file },
      fault: (turn) => (turn.n % 2 === 0 ? faults.corrupted(25_000)(turn) : turn.answer),
    });
    await using remote = quickRemote([server.url]);
    const reports: Progress[] = [];
    const job = { signal: new AbortController().signal, report: (progress: Progress) => void reports.push(progress) };
    await fetchParts(remote, { name: 'file', file: join(folder.path, 'x'), size: file.length, parts }, job);
    const done = reports.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual([...new Set(done)].toSorted((a, b) => a - b));
    expect(reports.at(-1)).toEqual({ step: 'download', doneBytes: file.length, totalBytes: file.length });
  });
});
