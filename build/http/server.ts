import { questionSchema } from '../release/server/check.ts';
import { body, empty, json, schemaOf, type Json } from './words.ts';

const files = {
  '/metadata/{name}': 'Metadata in TUF’s format. `timestamp.json` changes, nothing else does.',
  '/targets/releases/{name}': 'Which versions are published: `<sha256>.<platform>-<arch>.json`.',
  '/targets/offers/{channel}/{name}': 'Which of them are on offer in a channel: `<sha256>.<platform>-<arch>.json`.',
  '/targets/evolutions/{publisher}/{name}': 'A publisher’s evolutions: `<sha256>.index.json`.',
  '/manifests/{name}': 'What a version consists of.',
  '/packages/{target}/{name}': 'A whole version, `<platform>-<arch>/<tree digest>.patch`.',
  '/patches/{target}/{name}': 'From one version to another, `<platform>-<arch>/<from>..<to>.patch`.',
  '/evolutions/{name}': 'One evolution.',
} as const;

/** What an update server answers. */
export function serverPaths(): Readonly<Record<string, Json>> {
  return {
    '/health': { get: { summary: 'Whether there is anything to serve', responses: { 200: json({ status: { enum: ['ok', 'empty'] } }) } } },
    '/version': {
      get: { summary: 'Who answers', responses: { 200: json({ name: { const: 'moult-release' }, version: { type: 'string' } }) } },
    },
    '/v1/updates/check': { post: check() },
    ...Object.fromEntries(Object.entries(files).map(([path, summary]) => [path, { get: file(path, summary) }])),
  };
}

function check(): Json {
  return {
    summary: 'Whether now is a good time for a check that nobody waits for',
    description: 'Nothing of the answer is believed: a client that goes on verifies the signed files, and goes on where this is unknown.',
    requestBody: body(schemaOf(questionSchema)),
    responses: {
      200: json({ look: { const: true } }),
      400: empty('This is no such question.'),
      413: empty('More than 16 KiB.'),
      415: empty('Not JSON by its own word.'),
      429: { ...empty('Not now.'), headers: { 'Retry-After': { required: true, schema: { type: 'integer', minimum: 0 } } } },
    },
  };
}

function file(path: string, summary: string): Json {
  const text = { type: 'string' };
  const headers = { ETag: { required: true, schema: text }, 'Cache-Control': { required: true, schema: text } };
  const bytes = {
    description: 'The file, or the one range of it that was asked for.',
    headers,
    content: { 'application/octet-stream': {} },
  };
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: text }));
  const conditions = ['Range', 'If-Range', 'If-None-Match'].map((name) => ({ name, in: 'header', schema: text }));
  return {
    summary,
    parameters: [...names, ...conditions],
    responses: {
      200: bytes,
      206: bytes,
      304: { description: 'You have it.', headers },
      404: empty('Not there, or not yet: nobody keeps this answer.'),
      416: empty('There are no such bytes.'),
    },
  };
}
