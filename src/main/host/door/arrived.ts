/** What arrived over loopback: whether it was meant for here, and its body. */
import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../../updater/disk/json.ts';

const mostBytes = 2 * 1024 ** 2;

/**
 * Whether a request is one that this user's own page or command would send: GET or POST, to this very address by number, from this
 * very origin. What changes something always says its origin; what only reads says where it comes from when a browser sends it, and only
 * a page itself may be opened from elsewhere.
 */
export function isSentHere({ method, headers, url: path }: IncomingMessage, url: string): boolean {
  if (headers.host !== new URL(url).host) return false;
  if (method === 'POST') return headers.origin === url;
  if (method !== 'GET' || (headers.origin !== undefined && headers.origin !== url)) return false;
  const site = headers['sec-fetch-site'];
  const isOpened = path === '/' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return site === undefined || site === 'same-origin' || isOpened;
}

/** A request's body as JSON; null when it is none, or has more than 2 MiB. */
export async function jsonOf(request: IncomingMessage): Promise<{ readonly value: unknown } | null> {
  if (request.headers['content-type'] !== 'application/json') return null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = parseChunk(chunk);
    bytes += piece.length;
    if (bytes > mostBytes) return null;
    chunks.push(piece);
  }
  try {
    return { value: parseJson(Buffer.concat(chunks), { maxBytes: mostBytes }) };
  } catch {
    // Whatever is wrong with it, whoever sent it learns nothing.
    return null;
  }
}

/** A request that was given no encoding hands over buffers. */
function parseChunk(chunk: unknown): Buffer {
  return chunk as Buffer;
}
