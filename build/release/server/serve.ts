/**
 * A release repository over HTTP(S): exactly what any static host would give, so that one can stand in for the other, and
 * `resources/openapi.json` besides.
 *
 * GET and HEAD; one range; strong entity tags; `timestamp.json` may be cached for a minute, everything else for ever, since
 * nothing else is ever overwritten; a 404 is never cached, because it means 'not yet'. With TLS, 1.3 only.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { once } from 'node:events';
import { Failed } from '../../../src/updater/model/failure.ts';
import { answer } from './answer.ts';
import { openPace } from './pace.ts';
import { toolVersion } from './version.ts';

/** Where the repository lies and where to listen; port 0 takes any free one, `tls` holds PEM texts. */
export interface ServeOptions {
  readonly repo: string;
  readonly port?: number;
  readonly host?: string;
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** How many automatic checks a minute are let through; null, or nothing said, for all of them. */
  readonly checksPerMinute?: number | null;
  /** How long open downloads may go on after `close`, in milliseconds. */
  readonly graceMs?: number;
}

/** A server that listens: its base URL without a slash at the end, and the way to stop it. */
export interface Serving extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a repository folder until it is closed; throws `usage/wrong` when the address or the certificate cannot be used. */
export async function serveRepository(options: ServeOptions): Promise<Serving> {
  const { repo, port = 0, host = '127.0.0.1', tls } = options;
  const pace = openPace(options.checksPerMinute ?? null, () => performance.now());
  const about = { repo, version: toolVersion(), pace };
  const listener: RequestListener = (request, response) => {
    // Whoever asks may leave in the middle, and a disk may fail: either ends this answer and nothing else.
    answer(request, response, about).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : secure(listener, tls);
  await listen(server, port, host);
  const close = (): Promise<void> => stop(server, options.graceMs ?? 5000);
  return { url: `${tls === undefined ? 'http' : 'https'}://${authority(server)}`, close, [Symbol.asyncDispose]: close };
}

function secure(listener: RequestListener, tls: { cert: string | Buffer; key: string | Buffer }): Server {
  try {
    return createSecureServer({ ...tls, minVersion: 'TLSv1.3' }, listener);
  } catch (cause) {
    throw new Failed('usage/wrong', 'the TLS certificate and key cannot be used', { cause });
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Failed('usage/wrong', `cannot listen on ${host} port ${port}: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}

function authority(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return 'localhost';
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/** Takes no new connections, lets answers under way finish for a while, then ends them. */
async function stop(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(late);
}
