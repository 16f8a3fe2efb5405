/**
 * `POST /v1/updates/check`: a client that checks by itself says what it is looking for and asks whether now is a good time.
 *
 *   200 { "look": true }    it goes on and reads the signed metadata, like anybody
 *   429 with Retry-After    not before then
 *
 * So this can withhold an update for a while, or slow a rollout, and nothing else: nothing it says is believed. Nothing that came
 * is kept.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../../../src/updater/disk/json.ts';
import { nameSchema, versionSchema } from '../../../src/updater/model/parse.ts';
import type { Pace } from './pace.ts';
import { sendJson, sendText } from './send.ts';

const mostBytes = 16 * 1024;

/** What is fetched afterwards shows the first three anyway; the others are said only where a person allowed it. */
export const questionSchema = z.object({
  platform: nameSchema,
  arch: nameSchema,
  channel: nameSchema,
  version: versionSchema.optional(),
  evolutions: z.record(z.string().max(200), z.string().max(200)).optional(),
});

/** Answers one check. */
export async function answerCheck(request: IncomingMessage, response: ServerResponse, pace: Pace): Promise<void> {
  if (request.headers['content-type']?.split(';', 1)[0] !== 'application/json')
    return sendText(response, 415, { accept: 'application/json' });
  const body = await bodyOf(request);
  if (body === null) return sendText(response, 413, { connection: 'close' });
  if (!isQuestion(body)) return sendText(response, 400, {});
  const seconds = pace.take();
  if (seconds !== null) return sendText(response, 429, { 'retry-after': String(seconds), 'cache-control': 'no-store' });
  sendJson(request, response, { look: true });
}

/** The bytes of a request; null when there are more than anybody needs to say. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = Buffer.from(z.instanceof(Uint8Array).parse(chunk));
    bytes += piece.length;
    if (bytes > mostBytes) return null;
    chunks.push(piece);
  }
  return Buffer.concat(chunks);
}

function isQuestion(body: Buffer): boolean {
  try {
    return questionSchema.safeParse(parseJson(body, { maxBytes: mostBytes })).success;
  } catch {
    // No JSON is no question either.
    return false;
  }
}
