/**
 * A web server as a source. What it says is checked before its bytes are used: no redirects, no encodings, and a range only if it
 * is exactly the one that was asked for.
 */
import type { Dispatcher } from 'undici';
import { Failed } from '../../model/failure.ts';
import type { Limits } from '../limits.ts';
import type { Bandwidth } from './bandwidth.ts';
import { Exchange, type Head } from './exchange.ts';
import { contentLength, contentRange, header, retryAfterMs, strongValidator } from './headers.ts';
import { knockAt } from './knock.ts';
import { type Answer, type Body, type Source, TryAgain, type Want } from './source.ts';

export interface WebTools {
  readonly dispatcher: Dispatcher;
  readonly bandwidth: Bandwidth;
  readonly limits: Limits;
  readonly userAgent: string;
}

/** Returns the files below a base URL. */
export function webSource(base: URL, tools: WebTools): Source {
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  const ask = async (name: string, want: Want, signal: AbortSignal): Promise<Answer> => {
    const path = folder + name.split('/').map(encodeURIComponent).join('/');
    const exchange = new Exchange(tools.limits, (head) => allowance(head, want));
    const request = { origin: base.origin, path, method: 'GET', headers: requestHeaders(want, tools.userAgent) } as const;
    const head = await exchange.send(tools.dispatcher, request, signal);
    try {
      return answer(head, want, () => bodyOf(exchange, tools.bandwidth, signal));
    } catch (error) {
      // A refused answer is not read to its end: closing is what stops it.
      exchange.close();
      throw error;
    }
  };
  const knock = (question: unknown, signal: AbortSignal) => knockAt({ origin: base.origin, folder }, question, { ...tools, signal });
  return { label: base.href, ask, knock };
}

function requestHeaders({ range, validator }: Want, userAgent: string): Record<string, string> {
  const headers = { 'accept-encoding': 'identity', 'user-agent': userAgent };
  if (range === null) return headers;
  const ranged = { ...headers, range: `bytes=${range.from}-${range.to === null ? '' : range.to - 1}` };
  return validator === null ? ranged : { ...ranged, 'if-range': validator };
}

/** Text of an error page, which nobody reads: read to its end it leaves the connection usable. */
const pageBytes = 16 * 1024;

function allowance({ status }: Head, { range, maxBytes }: Want): number {
  if (status === 206) return range === null ? 0 : (range.to ?? maxBytes) - range.from;
  return status === 200 ? maxBytes : pageBytes;
}

/** What a head means; `open` is called only for a body that is good to use. */
function answer(head: Head, want: Want, open: () => Body): Answer {
  const { status, headers } = head;
  const encoding = header(headers, 'content-encoding') ?? (headers['content-encoding'] === undefined ? 'identity' : 'several');
  if (status === 404 || status === 410) return { kind: 'absent' };
  if (status === 416 && want.range !== null) return { kind: 'beyond' };
  if (isPassing(status)) throw notNow(status, retryAfterMs(headers));
  if (status >= 300 && status < 400) throw new Failed('fetch/refused', `HTTP ${status}: redirects are not followed`);
  if (status !== 200 && status !== 206) throw new Failed('fetch/refused', `HTTP ${status}`);
  if (encoding !== 'identity') throw new Failed('fetch/refused', `the answer is encoded (${encoding})`);
  const validator = strongValidator(headers);
  if (status === 206) return { kind: 'range', validator, totalBytes: checkedRange(head, want), body: open() };
  return { kind: 'whole', validator, totalBytes: checkedLength(head, want.maxBytes), body: open() };
}

function notNow(status: number, waitMs: number | null): TryAgain {
  return new TryAgain(new Failed('fetch/refused', `HTTP ${status}`, { retryAfterMs: waitMs }), waitMs);
}

/** Statuses that say 'not now': a timeout, too early, too many requests, a server in trouble. */
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Returns the size of the whole file, or null; throws when it is not (a beginning of) the range that was asked for. */
function checkedRange({ headers }: Head, { range, maxBytes }: Want): number | null {
  const got = contentRange(headers);
  if (range === null || got === null) throw new TryAgain(new Failed('fetch/corrupt', 'a 206 without a proper Content-Range'));
  // A server may send less than was asked for; the rest is then asked for again. Without an end, less cannot be told from all.
  const isOther = range.to === null ? got.to !== got.totalBytes : got.to > range.to;
  if (got.from !== range.from || got.to <= got.from || isOther)
    throw new TryAgain(new Failed('fetch/corrupt', `bytes ${got.from} to ${got.to} are not those from ${range.from}`));
  if (got.to > maxBytes) throw new Failed('fetch/too-large', `${got.to} bytes where at most ${maxBytes} are expected`);
  const length = contentLength(headers);
  if (length !== null && length !== got.to - got.from)
    throw new TryAgain(new Failed('fetch/corrupt', `Content-Range and Content-Length disagree (${got.to - got.from}, ${length})`));
  return got.totalBytes;
}

/** Refuses by the announced length, before a byte is read. */
function checkedLength({ headers }: Head, maxBytes: number): number | null {
  const length = contentLength(headers);
  if (length !== null && length > maxBytes) throw new Failed('fetch/too-large', `${length} bytes where at most ${maxBytes} are expected`);
  return length;
}

function bodyOf(exchange: Exchange, bandwidth: Bandwidth, signal: AbortSignal): Body {
  async function* read(): AsyncGenerator<Uint8Array> {
    for (let chunk = await exchange.read(); chunk !== null; chunk = await exchange.read()) {
      await bandwidth.take(chunk.length, signal);
      yield chunk;
    }
  }
  return { [Symbol.asyncIterator]: read, [Symbol.dispose]: () => exchange.close() };
}
