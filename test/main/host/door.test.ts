/** Who gets in over loopback and who does not: every wrong way gets the same answer. */
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Contract } from '../../../src/main/contract/serve.ts';
import { openDoor, type Knock } from '../../../src/main/host/door/door.ts';
import { openKeys } from '../../../src/main/host/door/keys.ts';
import { tempFolder } from '../../ground/folder.ts';
import { enter, send, type Sent } from './asking.ts';

interface Behind {
  readonly asked: (readonly [name: string, input: unknown])[];
  readonly contract: Contract;
}

function behind(): Behind {
  const asked: (readonly [string, unknown])[] = [];
  const contract: Contract = {
    ask: async (name, input) => {
      asked.push([name, input]);
      return { answer: null };
    },
    watch: (hear) => {
      hear({ topic: 'update', value: { kind: 'idle' } });
      return { [Symbol.dispose]: () => undefined };
    },
  };
  return { asked, contract };
}

const command = '/v1/commands/notes/list';

describe('a door', () => {
  it('lets in whoever has a ticket, once, and whoever has a key, as often as they like', async () => {
    const { asked, contract } = behind();
    await using door = await openDoor({ contract, pages: null });
    const ticket = door.ticket();
    const key = await enter(door.url, ticket);
    expect((await send(door.url, { path: '/v1/session', body: { ticket } })).status).toBe(403);
    const { text } = await send(door.url, { path: '/v1/tickets', key });
    const other = await enter(door.url, z.object({ ticket: z.string() }).parse(JSON.parse(text)).ticket);
    expect(other).not.toBe(key);
    for (const holder of [key, key, other, door.commandKey()]) {
      expect(await send(door.url, { path: command, body: { search: 'x' }, key: holder })).toMatchObject({
        status: 200,
        text: '{"answer":null}',
      });
    }
    expect(asked).toEqual([1, 2, 3, 4].map(() => ['notes/list', { search: 'x' }]));
  });

  const elsewhere = 'http://evil.example';
  const wrong: Readonly<Record<string, (key: string, url: string) => Sent>> = {
    'no key': () => ({ path: command }),
    'a key that nobody has': () => ({ path: command, key: 'a'.repeat(43) }),
    'a key that is none': () => ({ path: command, key: '' }),
    'a ticket for a key': (key) => ({ path: '/v1/session', body: { ticket: key } }),
    'a ticket that is no text': () => ({ path: '/v1/session', body: { ticket: {} } }),
    'a ticket of many bytes': () => ({ path: '/v1/session', body: { ticket: 'x'.repeat(100_000) } }),
    'another origin': (key) => ({ path: command, key, headers: { origin: elsewhere } }),
    'an origin with another port': (key) => ({ path: command, key, headers: { origin: 'http://127.0.0.1:1' } }),
    'the origin of a file': (key) => ({ path: command, key, headers: { origin: 'null' } }),
    'no origin': (key) => ({ path: command, key, headers: { origin: null } }),
    'a name that was made to resolve to 127.0.0.1': (key, url) => ({
      path: command,
      key,
      headers: { host: `evil.example:${new URL(url).port}` },
    }),
    'localhost by its name': (key, url) => ({ path: command, key, headers: { host: `localhost:${new URL(url).port}` } }),
    'no host': (key) => ({ path: command, key, headers: { host: null } }),
    'another port in the host': (key) => ({ path: command, key, headers: { host: '127.0.0.1:80' } }),
    'a form': (key) => ({ path: command, key, headers: { 'content-type': 'text/plain' } }),
    'a body that is no JSON': (key) => ({ path: command, key, bytes: '{' }),
    'a body with the same name twice': (key) => ({ path: command, key, bytes: '{"search":"a","search":"b"}' }),
    'a number that is no whole one': (key) => ({ path: command, key, bytes: '{"id":1.5}' }),
    'half a letter': (key) => ({ path: command, key, bytes: '{"text":"\\ud800"}' }),
    'no body': (key) => ({ path: command, key, bytes: '' }),
    'a name that climbs': (key) => ({ path: '/v1/commands/../session', key }),
    'a command that is no name': (key) => ({ path: '/v1/commands/NOTES%2flist', key }),
    'another path': (key) => ({ path: '/v2/anything', key }),
    'a whole URL as path': (key) => ({ path: `${elsewhere}${command}`, key }),
    'a path that is none': (key) => ({ path: '*', key }),
    'the topics without a key': () => ({ method: 'GET', path: '/v1/topics' }),
    'the topics from another page': (key) => ({ method: 'GET', path: '/v1/topics', key, headers: { 'sec-fetch-site': 'cross-site' } }),
    'the topics from another origin': (key) => ({ method: 'GET', path: '/v1/topics', key, headers: { origin: elsewhere } }),
    'the question before a question': (key) => ({ method: 'OPTIONS', path: command, key, headers: { origin: elsewhere } }),
    PUT: (key) => ({ method: 'PUT', path: command, key }),
    TRACE: (key) => ({ method: 'TRACE', path: command, key }),
    'a page where there is none': () => ({ method: 'GET', path: '/' }),
  };

  it.each(Object.entries(wrong))('tells nothing to %s', async (_, sent) => {
    const { asked, contract } = behind();
    await using door = await openDoor({ contract, pages: null });
    const { status, text, headers } = await send(door.url, sent(await enter(door.url, door.ticket()), door.url));
    expect([[400, 403].includes(status ?? 0), text, asked]).toEqual([true, '', []]);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('reads no more than 2 MiB of what anybody sends, and goes on with others', async () => {
    const { asked, contract } = behind();
    await using door = await openDoor({ contract, pages: null });
    const key = await enter(door.url, door.ticket());
    const most = 2 * 1024 ** 2;
    const bodyOf = (bytes: number): string => JSON.stringify({ text: 'x'.repeat(bytes - '{"text":""}'.length) });
    expect((await send(door.url, { path: command, key, bytes: bodyOf(most) })).status).toBe(200);
    expect([0, 403]).toContain((await send(door.url, { path: command, key, bytes: bodyOf(most + 1) })).status);
    expect([0, 403]).toContain((await send(door.url, { path: command, key, bytes: bodyOf(40 * 1024 ** 2) })).status);
    expect((await send(door.url, { path: command, key })).status).toBe(200);
    expect(asked).toHaveLength(2);
  });

  it('survives what is no HTTP at all', async () => {
    const { contract } = behind();
    await using door = await openDoor({ contract, pages: null });
    for (const bytes of [
      '\0\0\0',
      'GET\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      'POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(door.url).port), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.end(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
    }
    expect((await send(door.url, { path: command, key: door.commandKey() })).status).toBe(200);
  });

  it('streams topics, and says how many windows watch: a command is none', async () => {
    const { contract } = behind();
    await using door = await openDoor({ contract, pages: null });
    const knocks: Knock[] = [];
    using _ = door.watch((knock) => knocks.push(knock));
    const lines: string[] = [];
    for (const key of [await enter(door.url, door.ticket()), door.commandKey()]) {
      const { body } = await fetch(`${door.url}/v1/topics`, { headers: { authorization: `Bearer ${key}` } });
      if (body === null) throw new Error('no stream');
      for await (const chunk of body) {
        lines.push(Buffer.from(chunk).toString());
        break;
      }
    }
    await expect
      .poll(() => knocks, { timeout: 60_000 })
      .toEqual([
        { kind: 'windows', windows: 1 },
        { kind: 'windows', windows: 0 },
      ]);
    expect(lines).toEqual([1, 2].map(() => '{"topic":"update","value":{"kind":"idle"}}\n'));
  });

  it('forgets a ticket after two minutes', () => {
    let now = 0;
    const keys = openKeys(() => now);
    const [early, late] = [keys.ticket(), keys.ticket()];
    now = 119_000;
    expect(keys.redeem(early)).not.toBeNull();
    now = 121_000;
    expect(keys.redeem(late)).toBeNull();
  });

  it('listens on 127.0.0.1 only', async () => {
    await using door = await openDoor({ ...behind(), pages: null });
    const socket = connect(Number(new URL(door.url).port), '127.0.0.2');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('pages behind a door', () => {
  it('are served with a policy that allows nothing from elsewhere, and a nonce of their own', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'assets'));
    await writeFile(join(folder.path, 'index.html'), '<style nonce="__MOULT_NONCE__"></style>');
    await writeFile(join(folder.path, 'assets', 'index-Ab_1.js'), 'export {}');
    await using door = await openDoor({ ...behind(), pages: folder.path });
    const opened = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const page = await send(door.url, { method: 'GET', path: '/', headers: opened });
    const nonce = /nonce="([^"]{20,})"/.exec(page.text)?.[1];
    const policy = String(page.headers['content-security-policy']);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'self' 'nonce-${nonce}'`,
      `style-src 'self' 'nonce-${nonce}'`,
      "connect-src 'self'",
      "img-src 'self' data:",
      "font-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
    expect((await send(door.url, { method: 'GET', path: '/' })).text).not.toBe(page.text);
    expect(await send(door.url, { method: 'GET', path: '/assets/index-Ab_1.js' })).toMatchObject({
      status: 200,
      text: 'export {}',
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      },
    });
  });

  it('say so where no window was built', async () => {
    await using folder = await tempFolder();
    await using door = await openDoor({ ...behind(), pages: join(folder.path, 'renderer') });
    expect(await send(door.url, { method: 'GET', path: '/' })).toMatchObject({
      status: 200,
      text: expect.stringContaining('command line'),
    });
    expect((await send(door.url, { method: 'GET', path: '/other.html' })).status).toBe(403);
  });

  it.each([
    '/../secret.html',
    '/%2e%2e/secret.html',
    '/..%2fsecret.html',
    '/assets/../../secret.html',
    '/.hidden.html',
    '/link.html',
    '//secret.html',
    '/folder.html',
    '/secret.html?x',
    '/secret.txt',
    '/\\..\\secret.html',
  ])('do not lead out of their folder: %s', async (path) => {
    await using folder = await tempFolder();
    const pages = join(folder.path, 'renderer');
    await mkdir(join(pages, 'assets'), { recursive: true });
    await mkdir(join(pages, 'folder.html'));
    for (const place of [folder.path, pages]) await writeFile(join(place, 'secret.txt'), 'a secret');
    await writeFile(join(folder.path, 'secret.html'), 'a secret');
    await writeFile(join(pages, '.hidden.html'), 'a secret');
    await symlink(join(folder.path, 'secret.html'), join(pages, 'link.html'));
    await using door = await openDoor({ ...behind(), pages });
    const { status, text } = await send(door.url, { method: 'GET', path });
    expect([[0, 400, 403].includes(status ?? 0), text]).toEqual([true, '']);
  });

  it('are no place for another page to look from', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'app.js'), 'export {}');
    await using door = await openDoor({ ...behind(), pages: folder.path });
    const embedded = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
    expect((await send(door.url, { method: 'GET', path: '/app.js', headers: embedded })).status).toBe(403);
    const framed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    expect((await send(door.url, { method: 'GET', path: '/', headers: framed })).status).toBe(403);
  });
});
