import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { answerCheck } from './check.ts';
import { locate, type Found } from './locate.ts';
import type { Pace } from './pace.ts';
import { namesTag, selectRange, type Selection } from './range.ts';
import { sendJson, sendText } from './send.ts';

/** What a server serves, who it says that it is, and how fast it lets automatic checks through. */
export interface Served {
  readonly repo: string;
  readonly version: string;
  readonly pace: Pace;
}

const checkPath = '/v1/updates/check';

/** Answers one request: a file of the repository, `/health`, `/version` or a check; every other path is a 404, every other method a 405. */
export async function answer(request: IncomingMessage, response: ServerResponse, about: Served): Promise<void> {
  const path = request.url ?? '/';
  if (path === checkPath)
    return request.method === 'POST' ? answerCheck(request, response, about.pace) : sendText(response, 405, { allow: 'POST' });
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendText(response, 405, { allow: 'GET, HEAD' });
  if (path === '/health') return sendJson(request, response, { status: (await isReady(about.repo)) ? 'ok' : 'empty' });
  if (path === '/version') return sendJson(request, response, { name: 'moult-release', version: about.version });
  await using found = await locate(about.repo, path);
  if (found === null) return sendText(response, 404, { 'cache-control': 'no-store' });
  await sendFile(request, response, found);
}

async function isReady(repo: string): Promise<boolean> {
  await using found = await locate(repo, '/metadata/timestamp.json');
  return found !== null;
}

/** Sends the file or the asked-for bytes of it (RFC 9110: conditions before ranges, If-Range needs the very tag). */
async function sendFile(request: IncomingMessage, response: ServerResponse, found: Found): Promise<void> {
  const headers: OutgoingHttpHeaders = {
    etag: found.tag,
    'accept-ranges': 'bytes',
    'cache-control': found.mutable ? 'public, max-age=60, must-revalidate' : 'public, max-age=31536000, immutable',
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
  };
  if (namesTag(request.headers['if-none-match'], found.tag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const condition = request.headers['if-range'];
  const wanted = condition === undefined || condition === found.tag ? request.headers.range : undefined;
  await sendBytes(request, response, { found, headers, selection: selectRange(wanted, found.size) });
}

async function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  what: { found: Found; headers: OutgoingHttpHeaders; selection: Selection },
): Promise<void> {
  const { found, headers, selection } = what;
  if (selection.kind === 'unsatisfiable') return sendText(response, 416, { 'content-range': `bytes */${found.size}`, etag: found.tag });
  const { start, end } = selection.kind === 'bytes' ? selection : { start: 0, end: found.size };
  headers['content-length'] = end - start;
  if (selection.kind === 'bytes') headers['content-range'] = `bytes ${start}-${end - 1}/${found.size}`;
  response.writeHead(selection.kind === 'bytes' ? 206 : 200, headers);
  if (request.method === 'HEAD' || start === end) {
    response.end();
    return;
  }
  await pipeline(found.file.createReadStream({ start, end: end - 1, autoClose: false, highWaterMark: 256 * 1024 }), response);
}
