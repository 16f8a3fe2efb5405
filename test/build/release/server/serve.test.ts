import { once } from 'node:events';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { serveRepository } from '../../../../build/release/server/serve.ts';
import { newAuthority } from '../../../faults/server/certificates.ts';
import { tempFolder } from '../../../ground/folder.ts';

const digits = '0123456789';

async function served(): Promise<{ repo: string; url: string; outside: string } & AsyncDisposable> {
  const folder = await tempFolder();
  const repo = join(folder.path, 'repo');
  await mkdir(join(repo, 'metadata'), { recursive: true });
  await mkdir(join(repo, 'packages', 'linux-x64'), { recursive: true });
  await mkdir(join(repo, 'staging'));
  await writeFile(join(repo, 'metadata', 'timestamp.json'), '{"version":1}');
  await writeFile(join(repo, 'packages', 'linux-x64', 'a.patch'), digits);
  await writeFile(join(repo, 'packages', 'linux-x64', 'empty.patch'), '');
  await writeFile(join(repo, 'staging', 'secret.json'), 'secret');
  await writeFile(join(folder.path, 'outside'), 'secret');
  const server = await serveRepository({ repo, graceMs: 200 });
  const dispose = async (): Promise<void> => {
    await server.close();
    await folder[Symbol.asyncDispose]();
  };
  return { repo, url: server.url, outside: join(folder.path, 'outside'), [Symbol.asyncDispose]: dispose };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** `fetch` would tidy the path up before it sends it; this sends what it is given. */
async function ask(url: string, path: string, options: { method?: string; headers?: OutgoingHttpHeaders } = {}): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, agent: false, ...options });
  sent.end();
  const received: IncomingMessage[] = await once(sent, 'response');
  const [answer] = received;
  if (answer === undefined) throw new Error('no answer');
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

const path = '/packages/linux-x64/a.patch';

describe('files', () => {
  test('a file comes whole, as immutable, with a strong tag', async () => {
    await using site = await served();
    const { status, headers, body } = await ask(site.url, path);
    expect({ status, body }).toEqual({ status: 200, body: digits });
    expect(headers).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': '10',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect(headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test('HEAD tells the same without the bytes', async () => {
    await using site = await served();
    const whole = await ask(site.url, path);
    const head = await ask(site.url, path, { method: 'HEAD' });
    expect(head).toEqual({ status: 200, body: '', headers: { ...whole.headers, date: head.headers.date } });
  });

  test('the timestamp is kept by caches for at most five minutes and has another tag as soon as it has other bytes', async () => {
    await using site = await served();
    const before = await ask(site.url, '/metadata/timestamp.json');
    expect(Number(/max-age=(\d+)/.exec(before.headers['cache-control'] ?? '')?.[1])).toBeLessThanOrEqual(300);
    await writeFile(join(site.repo, 'metadata', 'new'), '{"version":2}');
    await rename(join(site.repo, 'metadata', 'new'), join(site.repo, 'metadata', 'timestamp.json'));
    const after = await ask(site.url, '/metadata/timestamp.json', { headers: { 'if-none-match': before.headers.etag ?? '' } });
    expect({ status: after.status, body: after.body, same: after.headers.etag === before.headers.etag }).toEqual({
      status: 200,
      body: '{"version":2}',
      same: false,
    });
  });

  test('whoever has the bytes already is told so', async () => {
    await using site = await served();
    const { headers } = await ask(site.url, path);
    for (const tags of [headers.etag ?? '', `"other", W/${headers.etag ?? ''}`, '*']) {
      expect(await ask(site.url, path, { headers: { 'if-none-match': tags } })).toMatchObject({ status: 304, body: '' });
    }
    expect(await ask(site.url, path, { headers: { 'if-none-match': '"other"' } })).toMatchObject({ status: 200, body: digits });
  });
});

describe('ranges', () => {
  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-99', 206, digits, 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=4-2', 200, digits, undefined],
    ['bytes=-', 200, digits, undefined],
    ['bytes=0-1,4-5', 200, digits, undefined],
    ['lines=0-1', 200, digits, undefined],
  ])('%s is answered with %i', async (range, ...expected) => {
    await using site = await served();
    const answer = await ask(site.url, path, { headers: { range } });
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual(expected);
  });

  test('a range of an empty file does not exist, the empty file does', async () => {
    await using site = await served();
    expect(await ask(site.url, '/packages/linux-x64/empty.patch', { headers: { range: 'bytes=0-0' } })).toMatchObject({ status: 416 });
    expect(await ask(site.url, '/packages/linux-x64/empty.patch')).toMatchObject({ status: 200, body: '' });
  });

  test('If-Range gives the range for the same bytes and the whole file for others', async () => {
    await using site = await served();
    const { headers } = await ask(site.url, path);
    const same = await ask(site.url, path, { headers: { range: 'bytes=2-4', 'if-range': headers.etag } });
    const other = await ask(site.url, path, { headers: { range: 'bytes=2-4', 'if-range': '"other"' } });
    expect([same.status, same.body, other.status, other.body]).toEqual([206, '234', 200, digits]);
  });
});

describe('what is not served', () => {
  test('S15 no spelling of a path leads out of the repository or into its unpublished parts', async () => {
    await using site = await served();
    await symlink(site.outside, join(site.repo, 'packages', 'linux-x64', 'link.patch'));
    await symlink(join(site.repo, '..'), join(site.repo, 'packages', 'up'));
    const paths = [
      '/packages/../../outside',
      '/packages/%2e%2e/%2e%2e/outside',
      '/packages/..%2f..%2foutside',
      '/packages/..%5c..%5coutside',
      '//outside',
      '/staging/secret.json',
      '/packages/../staging/secret.json',
      '/packages/linux-x64/link.patch',
      '/packages/up/outside',
      '/packages/linux-x64/a.patch%00',
      '/packages/linux-x64/',
      '/packages/linux-x64',
      '/packages/linux-x64/%zz',
      '/packages/linux-x64/.hidden',
      '/metadata/2.root.json',
      '/',
      '*',
    ];
    for (const each of paths) expect([each, await ask(site.url, each)]).toMatchObject([each, { status: 404, body: '' }]);
  });

  test('a 404 is not remembered by caches, since it means that the file comes later', async () => {
    await using site = await served();
    expect((await ask(site.url, '/metadata/2.root.json')).headers['cache-control']).toBe('no-store');
  });

  test('other methods are refused', async () => {
    await using site = await served();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect(await ask(site.url, path, { method })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
  });
});

test('the server says that it is well and which version it is', async () => {
  await using site = await served();
  const { version }: { version: string } = JSON.parse(await readFile(new URL('../../../../package.json', import.meta.url), 'utf8'));
  expect(JSON.parse((await ask(site.url, '/health')).body)).toEqual({ status: 'ok' });
  expect(JSON.parse((await ask(site.url, '/version')).body)).toEqual({ name: 'moult-release', version });
});

test('a client that leaves in the middle, or sends garbage, harms nobody', async () => {
  await using site = await served();
  await writeFile(join(site.repo, 'packages', 'linux-x64', 'big.patch'), Buffer.alloc(8 * 1024 ** 2));
  const { hostname, port } = new URL(site.url);
  for (const line of ['GET /packages/linux-x64/big.patch HTTP/1.1\r\nHost: x\r\n\r\n', '\u0000\u0001garbage\r\n\r\n']) {
    const socket = connectSocket({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    socket.write(line);
    await once(socket, 'data');
    socket.destroy();
  }
  expect(await ask(site.url, path)).toMatchObject({ status: 200, body: digits });
});

test('closing ends a download that would go on for ever', async () => {
  await using site = await served();
  await writeFile(join(site.repo, 'packages', 'linux-x64', 'big.patch'), Buffer.alloc(32 * 1024 ** 2));
  const server = await serveRepository({ repo: site.repo, graceMs: 50 });
  const sent = request(`${server.url}/packages/linux-x64/big.patch`, { agent: false }).on('error', () => undefined);
  sent.end();
  await once(sent, 'response');
  await server.close();
  await expect(ask(server.url, path)).rejects.toThrow('ECONNREFUSED');
});

test('S04 with a certificate only TLS 1.3 is spoken', async () => {
  await using site = await served();
  const authority = newAuthority('Somebody');
  const { certificate, key } = authority.issue(['127.0.0.1']);
  const tls = { cert: certificate, key };
  await using server = await serveRepository({ repo: site.repo, tls });
  expect(server.url).toMatch(/^https:/);
  const { hostname, port } = new URL(server.url);
  const options = { host: hostname, port: Number(port), ca: authority.certificate };
  const handshake = async (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> => {
    const socket = connect({ ...options, minVersion: 'TLSv1.2', maxVersion });
    try {
      await once(socket, 'secureConnect');
      return socket.getProtocol();
    } finally {
      socket.destroy();
    }
  };
  expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
  await expect(handshake('TLSv1.2')).rejects.toThrow(/protocol version/);
});
