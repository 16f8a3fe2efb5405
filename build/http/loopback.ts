import { z } from 'zod';
import { commands } from '../../src/main/contract/commands.ts';
import { body, empty, json, schemaOf, type Json } from './words.ts';

const text = { type: 'string' };
const key = { security: [{ key: [] }] };

/** Whoever has neither ticket nor key, comes from elsewhere, or asks for what is not there, gets the same answer. */
const refused = empty('No.');

/** What a running program answers on 127.0.0.1 to its own windows and commands. */
export function loopbackPaths(): Readonly<Record<string, Json>> {
  const ticket = schemaOf(z.strictObject({ ticket: z.string().max(128) }));
  return {
    '/v1/session': {
      post: { summary: 'Trades a ticket, once', requestBody: body(ticket), responses: { 200: json({ key: text }), 403: refused } },
    },
    '/v1/tickets': {
      post: { ...key, summary: 'A ticket for a further window', responses: { 200: json({ ticket: text }), 403: refused } },
    },
    '/v1/topics': { get: topics() },
    ...Object.fromEntries(Object.entries(commands).map(([name, input]) => [`/v1/commands/${name}`, { post: command(schemaOf(input)) }])),
  };
}

function topics(): Json {
  const line = { type: 'object', required: ['topic', 'value'], properties: { topic: text, value: {} }, additionalProperties: false };
  return {
    ...key,
    summary: 'What is true now, topic by topic, then each change: a line of JSON each',
    responses: { 200: { description: 'Until one side leaves.', content: { 'application/x-ndjson': { schema: line } } }, 403: refused },
  };
}

function command(input: Json): Json {
  const answer = { type: 'object', required: ['answer'], properties: { answer: {} }, additionalProperties: false };
  const failure = { ...answer, required: ['failure'], properties: { failure: { $ref: '#/components/schemas/Failure' } } };
  const reply = { description: 'What came of it.', content: { 'application/json': { schema: { oneOf: [answer, failure] } } } };
  return { ...key, requestBody: body(input), responses: { 200: reply, 403: refused } };
}
