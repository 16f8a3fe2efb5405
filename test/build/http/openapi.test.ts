/** The one document about every HTTP face, and the servers that are held to it: each answer that it declares is had, and none else. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openapiText } from '../../../build/http/openapi.ts';
import { serveRepository } from '../../../build/release/server/serve.ts';
import { parseInput, isCommand } from '../../../src/main/contract/commands.ts';
import type { Contract } from '../../../src/main/contract/serve.ts';
import { openDoor } from '../../../src/main/host/door/door.ts';
import { failureOf } from '../../../src/updater/model/failure.ts';
import { tempFolder } from '../../ground/folder.ts';

const responseSchema = z.object({
  headers: z.record(z.string(), z.object({ required: z.boolean() })).optional(),
  content: z.record(z.string(), z.object({ schema: z.unknown().optional() })).optional(),
});
const operationSchema = z.object({ responses: z.record(z.string(), responseSchema) });
const itemSchema = z.object({ get: operationSchema.optional(), post: operationSchema.optional() });
const documentSchema = z.object({
  paths: z.record(z.string(), itemSchema),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

const text = await readFile('resources/openapi.json', 'utf8');
const { paths, components } = documentSchema.parse(JSON.parse(text));
const declared = Object.entries(paths).flatMap(([path, item]) =>
  (['get', 'post'] as const).flatMap((method) => Object.keys(item[method]?.responses ?? {}).map((status) => `${method} ${path} ${status}`)),
);
const seen = new Set<string>();

/** Sends a request to a place where a path is served, and holds what comes back to the document. */
async function hold(path: string, url: string, sent: RequestInit = {}): Promise<{ status: number; body: string }> {
  const method = sent.method === 'POST' ? 'post' : 'get';
  const answer = await fetch(url, sent);
  const type = answer.headers.get('content-type')?.split(';', 1)[0] ?? '';
  const body = type === 'application/x-ndjson' ? await firstLine(answer) : await answer.text();
  const response = paths[path]?.[method]?.responses[answer.status];
  expect(response, `${method} ${path} says ${answer.status}`).toBeDefined();
  const missing = Object.entries(response?.headers ?? {}).filter(([name, { required }]) => required && !answer.headers.has(name));
  expect(missing).toEqual([]);
  if (response?.content === undefined) expect(body).toBe('');
  else if (type.includes('json') && !(type in response.content))
    expect(Object.keys(response.content)).toContain('application/octet-stream');
  else if (type.includes('json')) parsedBy(response.content[type]?.schema, JSON.parse(body));
  seen.add(`${method} ${path} ${answer.status}`);
  return { status: answer.status, body };
}

/** Throws when a value is not of a schema of the document. */
function parsedBy(schema: unknown, value: unknown): void {
  const whole = JSON.stringify({ $defs: components.schemas, allOf: [schema] }).replaceAll('#/components/schemas/', '#/$defs/');
  z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(JSON.parse(whole))).parse(value);
}

async function firstLine(answer: Response): Promise<string> {
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) return chunk.split('\n', 1)[0] ?? '';
  return '';
}

test('the document is what the schemas say today', () => {
  // After a change: node build/http/openapi.ts
  expect(text).toBe(openapiText());
});

describe('the update server', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let site: Awaited<ReturnType<typeof serveRepository>>;
  const files = Object.keys(paths).filter((path) => path.endsWith('{name}'));
  const fileOf = (path: string): string => path.replaceAll(/\{(\w+)\}/g, '$1');

  beforeAll(async () => {
    folder = await tempFolder();
    for (const path of files) {
      await mkdir(dirname(join(folder.path, fileOf(path))), { recursive: true });
      await writeFile(join(folder.path, fileOf(path)), '0123456789');
    }
    site = await serveRepository({ repo: folder.path });
  });

  afterAll(async () => {
    await site.close();
    await folder[Symbol.asyncDispose]();
  });

  test.each(files)('answers %s as it declares', async (path) => {
    const url = site.url + fileOf(path);
    await hold(path, url);
    await hold(path, url, { headers: { range: 'bytes=0-3' } });
    await hold(path, url, { headers: { range: 'bytes=99-' } });
    await hold(path, `${url}.none`);
    const tag = (await fetch(url)).headers.get('etag') ?? '';
    await hold(path, url, { headers: { 'if-none-match': tag } });
  });

  test('says that it lives, who it is, and whether now is a good time', async () => {
    await hold('/health', `${site.url}/health`);
    await hold('/version', `${site.url}/version`);
    const path = '/v1/updates/check';
    const headers = { 'content-type': 'application/json' };
    const question = JSON.stringify({ platform: 'linux', arch: 'x64', channel: 'stable' });
    await using busy = await serveRepository({ repo: folder.path, checksPerMinute: 0 });
    await hold(path, site.url + path, { method: 'POST', headers, body: question });
    await hold(path, busy.url + path, { method: 'POST', headers, body: question });
    await hold(path, site.url + path, { method: 'POST', headers, body: '{}' });
    await hold(path, site.url + path, { method: 'POST', headers, body: `"${'x'.repeat(20_000)}"` });
    await hold(path, site.url + path, { method: 'POST', body: question });
  });
});

describe('the way in over loopback', () => {
  const contract: Contract = {
    ask: async (name, input) => {
      try {
        if (isCommand(name)) parseInput(name, input);
        return { answer: null };
      } catch (error) {
        return { failure: failureOf(error) };
      }
    },
    watch: (hear) => {
      hear({ topic: 'update', value: { kind: 'idle' } });
      return { [Symbol.dispose]: () => undefined };
    },
  };
  const json = { 'content-type': 'application/json' };
  const loopback = Object.keys(paths).filter((path) => /^\/v1\/(?!updates\/check)/.test(path));

  test('answers as it declares: with a key, without one, and what is wrong by a failure', async () => {
    await using door = await openDoor({ contract, pages: null });
    const from = { origin: door.url };
    const ticket = { method: 'POST', headers: { ...json, ...from }, body: JSON.stringify({ ticket: door.ticket() }) };
    const { body } = await hold('/v1/session', `${door.url}/v1/session`, ticket);
    expect((await hold('/v1/session', `${door.url}/v1/session`, ticket)).status).toBe(403);
    const { key } = z.object({ key: z.string() }).parse(JSON.parse(body));
    const failures: unknown[] = [];
    for (const path of loopback.filter((path) => path !== '/v1/session')) {
      const sent = path === '/v1/topics' ? { headers: from } : { method: 'POST', headers: { ...json, ...from }, body: '{"strange":1}' };
      expect((await hold(path, door.url + path, sent)).status).toBe(403);
      const answer = await hold(path, door.url + path, { ...sent, headers: { ...sent.headers, authorization: `Bearer ${key}` } });
      if (path.startsWith('/v1/commands/')) failures.push(JSON.parse(answer.body));
    }
    expect(failures.length).toBeGreaterThan(20);
    expect(failures.filter((answer) => !JSON.stringify(answer).includes('usage/wrong'))).toEqual([]);
  });
});

test('every answer that is declared was had', () => {
  expect(declared.filter((answer) => !seen.has(answer))).toEqual([]);
});
