/**
 * Asking a web server whether now is a good time (`POST v1/updates/check` below its base URL), before something that nobody waits for.
 *
 * It can only ask for patience, by 429 and Retry-After. Whatever else happens, a static host that knows no such question included,
 * means that it does not mind.
 */
import type { Dispatcher } from 'undici';
import { Failed } from '../../model/failure.ts';
import { Exchange } from './exchange.ts';
import { retryAfterMs } from './headers.ts';
import { TryAgain } from './source.ts';
import type { WebTools } from './web.ts';

/** An answer that takes longer is as good as none. */
const answerMs = 5000;
/** A server may not keep anybody away for longer than this with one word. */
const longestMs = 24 * 3_600_000;

/** Returns for how many milliseconds the server asks to be left alone, or null. Throws the signal's reason, and nothing else. */
export async function knockAt(
  place: { readonly origin: string; readonly folder: string },
  question: unknown,
  tools: Knocking,
): Promise<number | null> {
  const { limits, dispatcher, userAgent, signal } = tools;
  const exchange = new Exchange({ ...limits, answerMs }, () => 0);
  const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
  const request: Dispatcher.DispatchOptions = { origin: place.origin, path: `${place.folder}v1/updates/check`, method: 'POST', headers };
  try {
    const { status, headers } = await exchange.send(dispatcher, { ...request, body: JSON.stringify(question) }, signal);
    return status === 429 ? Math.min(longestMs, retryAfterMs(headers) ?? 0) : null;
  } catch (error) {
    // What the network does to this question it will do to the next ones, which say so.
    if (error instanceof TryAgain || error instanceof Failed) return null;
    throw error;
  } finally {
    exchange.close();
  }
}

interface Knocking extends Omit<WebTools, 'bandwidth'> {
  readonly signal: AbortSignal;
}
