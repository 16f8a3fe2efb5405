/** Talks HTTP to a door the way anything on this machine could: with whatever headers and bytes it likes. */
import { once } from 'node:events';
import { IncomingMessage, request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** What to send; the headers replace those of our own page one by one, and null leaves one out. */
export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly bytes?: string | Buffer;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
}

export interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends it to the door at `url`. A connection that is cut while it is sent counts as status 0. */
export async function send(url: string, sent: Sent): Promise<Got> {
  const { method = 'POST', path, body = {}, bytes = JSON.stringify(body) } = sent;
  const { hostname, port } = new URL(url);
  const asking = request({ hostname, port, method, path, headers: headersFor(url, sent), setHost: false });
  asking.on('error', () => undefined);
  const answered = once(asking, 'response');
  asking.end(method === 'GET' ? '' : bytes);
  try {
    const [response]: unknown[] = await answered;
    if (!(response instanceof IncomingMessage)) throw new Error('no response');
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  } catch {
    return { status: 0, headers: {}, text: '' };
  }
}

/** Trades a ticket for a key, which has to work. */
export async function enter(url: string, ticket: string): Promise<string> {
  const { text } = await send(url, { path: '/v1/session', body: { ticket } });
  return z.object({ key: z.string() }).parse(JSON.parse(text)).key;
}

function headersFor(url: string, { method = 'POST', key, headers = {} }: Sent): Record<string, string> {
  const usual: Record<string, string | null> = {
    host: new URL(url).host,
    ...(method === 'POST' ? { origin: url, 'content-type': 'application/json' } : {}),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...headers,
  };
  return Object.fromEntries(Object.entries(usual).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
