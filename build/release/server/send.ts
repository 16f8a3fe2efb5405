import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Sends a value as JSON that nobody keeps. */
export function sendJson(request: IncomingMessage, response: ServerResponse, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
    'x-content-type-options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

/** Sends a status without a body. */
export function sendText(response: ServerResponse, status: number, headers: OutgoingHttpHeaders): void {
  response.writeHead(status, { ...headers, 'content-length': 0 }).end();
}
