/** Automatic checks ask the server whether now is a good time: what it can say, and how little that is. */
import { join } from 'node:path';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPace } from '../../../../build/release/server/pace.ts';
import { serveRepository, type Serving } from '../../../../build/release/server/serve.ts';
import { serve } from '../../../../src/updater/engine/process/serve.ts';
import type { Request, RequestOf } from '../../../../src/updater/engine/process/requests.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { tempFolder } from '../../../ground/folder.ts';
import { openPublisher, type TestPublisher } from '../../../ground/publisher.ts';

describe('the pace', () => {
  test('lets everybody through when nobody set one, and nobody at 0', () => {
    expect([openPace(null, () => 0).take(), openPace(0, () => 0).take()]).toEqual([null, 3600]);
  });

  test('lets so many a minute through, and gives each of the others a later turn', () => {
    let now = 0;
    const pace = openPace(2, () => now);
    expect([1, 2, 3, 4].map(() => pace.take())).toEqual([null, null, 31, 61]);
    now = 30_000;
    expect([pace.take(), pace.take()]).toEqual([null, 61]);
    now = 3_600_000;
    expect([1, 2, 3].map(() => pace.take())).toEqual([null, null, 31]);
  });

  test('never sends anybody away for longer than six hours', () => {
    const pace = openPace(1, () => 0);
    const waits = Array.from({ length: 1000 }, () => pace.take());
    expect(Math.max(...waits.map((wait) => wait ?? 0))).toBe(6 * 3600);
  });
});

let folder: Awaited<ReturnType<typeof tempFolder>>;
let publisher: TestPublisher;
let open: Serving;
let withholding: Serving;

beforeAll(async () => {
  folder = await tempFolder();
  publisher = await openPublisher(folder.path);
  await publisher.release('1.0.0', { 'a.txt': 'a' });
  open = await serveRepository({ repo: publisher.repo });
  withholding = await serveRepository({ repo: publisher.repo, checksPerMinute: 0 });
});

afterAll(async () => {
  await open.close();
  await withholding.close();
  await folder[Symbol.asyncDispose]();
});

const question = { platform: 'linux', arch: 'x64', channel: 'stable' };

function post(site: Serving, body: string, headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' }) {
  return fetch(`${site.url}/v1/updates/check`, { method: 'POST', body, headers });
}

describe('a check', () => {
  test('is told to look, or for how long not to', async () => {
    const answer = await post(open, JSON.stringify({ ...question, version: '1.0.0', evolutions: { 'acme.words': '1.0.0' } }));
    expect([answer.status, await answer.json()]).toEqual([200, { look: true }]);
    const later = await post(withholding, JSON.stringify(question));
    expect([later.status, later.headers.get('retry-after'), await later.text()]).toEqual([429, '3600', '']);
  });

  test.each([
    ['no JSON', 'version=1'],
    ['two names alike', '{"platform":"linux","platform":"linux","arch":"x64","channel":"stable"}'],
    ['nothing', '{}'],
    ['another kind of value', JSON.stringify({ ...question, version: ['1.0.0'] })],
    ['a path for a name', JSON.stringify({ ...question, channel: '../stable' })],
  ])('with %s is refused', async (_, body) => {
    expect((await post(open, body)).status).toBe(400);
  });

  test('that is no JSON by its own word, too long, or no POST is refused', async () => {
    expect((await post(open, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(open, `"${'x'.repeat(20_000)}"`)).status).toBe(413);
    const got = await fetch(`${open.url}/v1/updates/check`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a client', () => {
  const unhurried = { says: { version: '1.0.0' } };

  test('that nobody waits for leaves a server alone that asks for it, and says how long', async () => {
    await install(withholding.url, 'put-off');
    const failure = await checkFor('put-off', { unhurried }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ failure: { code: 'fetch/refused' }, retryAfterMs: 3_600_000 });
  });

  test('that somebody waits for does not ask', async () => {
    expect(await checkFor('put-off', {})).toMatchObject({ kind: 'none' });
  });

  test.each([404, 405, 500, 301])('goes on where the answer is %i: not every host knows such questions', async (status) => {
    await using host = await staticHost(status);
    await install(host.url, `host-${status}`);
    expect(await checkFor(`host-${status}`, { unhurried })).toMatchObject({ kind: 'none' });
    expect(host.bodies).toHaveLength(1);
  });

  test('says what it was given, and where it looks', async () => {
    await using curious = await staticHost(200);
    await install(curious.url, 'curious');
    expect(await checkFor('curious', { unhurried })).toMatchObject({ kind: 'none' });
    const { platform, arch } = process;
    expect(curious.bodies.map((body): unknown => JSON.parse(body))).toEqual([{ version: '1.0.0', platform, arch, channel: 'stable' }]);
  });

  test('learns nothing from the answer: what a server says besides adds no trust', async () => {
    await using liar = await staticHost(200, '{"look":false,"version":"9.9.9","url":"http://127.0.0.1/evil"}');
    await install(liar.url, 'told');
    expect(await checkFor('told', { unhurried })).toMatchObject({ kind: 'none', current: '1.0.0' });
  });
});

function rootOf(name: string): string {
  return join(folder.path, name);
}

async function install(from: string, name: string): Promise<void> {
  const { trustedRoot } = publisher;
  const where = { root: rootOf(name), instance: 'default', from, trustedRoot };
  await serve({ kind: 'install', ...where, product: 'moult', channel: 'stable', version: null }, quietJob());
}

function checkFor(name: string, how: Pick<RequestOf<'check'>, 'unhurried'>): Promise<unknown> {
  const request: Request = { kind: 'check', root: rootOf(name), instance: 'default', ...how };
  return serve(request, quietJob());
}

/** A host that has the repository's files, and its own answer to questions; `bodies` are those that came. */
async function staticHost(status: number, answer = ''): Promise<{ url: string; bodies: string[] } & AsyncDisposable> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'POST') void text(request).then((body) => (bodies.push(body), response.writeHead(status).end(answer)));
    else
      void fetch(`${open.url}${request.url}`).then(async (file) => {
        response.writeHead(file.status).end(Buffer.from(await file.arrayBuffer()));
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server)}`, bodies, [Symbol.asyncDispose]: async () => void server.close() };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
