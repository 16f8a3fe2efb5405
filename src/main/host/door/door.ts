/**
 * The way in over loopback: HTTP on 127.0.0.1, a port by chance, for this user's windows and commands.
 *
 *     GET  /…                    the window's own files, where there is a window
 *     POST /v1/session           { "ticket" } → { "key" }
 *     POST /v1/tickets           → { "ticket" } for a further window
 *     POST /v1/commands/<name>   the contract's commands
 *     GET  /v1/topics            the contract's topics, a line of JSON each
 *
 * Whoever knows neither a ticket nor a key learns nothing: every wrong host, origin, key, path, method or body gets the same 403
 * without a word. A name that was made to resolve to 127.0.0.1 is a wrong host.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Contract } from '../../contract/serve.ts';
import { isSentHere, jsonOf } from './arrived.ts';
import { openKeys, type Holder, type Keys } from './keys.ts';
import { pageAt, strictHeaders } from './pages.ts';
import { streamTopics } from './topics.ts';

/** What came from a window: it watches (`windows`: how many do now), it asked for something. */
export type Knock = { readonly kind: 'windows'; readonly windows: number } | { readonly kind: 'asked'; readonly command: string };

/** An open door: its address, and what lets somebody in. Disposing of it ends every connection. */
export interface Door extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  ticket(): string;
  commandKey(): string;
  watch(hear: (knock: Knock) => void): Disposable;
}

/** What is behind the door: the contract, and the folder of the window's files (null: there is no window to serve). */
export interface Behind {
  readonly contract: Contract;
  readonly pages: string | null;
}

/** Opens a door on a free port of 127.0.0.1. */
export async function openDoor(behind: Behind): Promise<Door> {
  const keys = openKeys(() => performance.now());
  const hearers = new Set<(knock: Knock) => void>();
  const tell = (knock: Knock): void => hearers.forEach((hear) => hear(knock));
  let windows = 0;
  const count = (change: 1 | -1): void => tell({ kind: 'windows', windows: (windows += change) });
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5000 });
  const visit = { ...behind, keys, tell, count };
  server.on('request', (request, response) => {
    // Whoever asks may leave in the middle: that ends this answer and nothing else.
    receive({ request, response, url: urlOf(server) }, visit).catch(() => response.destroy());
  });
  server.on('checkExpectation', (_, response) => refuse(response));
  server.on('upgrade', (_, socket) => socket.destroy());
  server.maxConnections = 128;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const watch = (hear: (knock: Knock) => void): Disposable => {
    hearers.add(hear);
    return { [Symbol.dispose]: () => hearers.delete(hear) };
  };
  const { ticket, commandKey } = keys;
  return { url: urlOf(server), ticket, commandKey, watch, [Symbol.asyncDispose]: () => shut(server) };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: string;
}

interface Visit extends Behind {
  readonly keys: Keys;
  tell(knock: Knock): void;
  count(change: 1 | -1): void;
}

async function receive(exchange: Exchange, visit: Visit): Promise<void> {
  const { request, response, url } = exchange;
  if (!isSentHere(request, url)) return refuse(response);
  const path = request.url ?? '';
  if (request.method === 'GET' && path !== '/v1/topics') return sendPage(path, response, visit);
  if (path === '/v1/session') return startSession(exchange, visit);
  const holder = holderOf(request, visit.keys);
  if (holder === null) return refuse(response);
  if (path === '/v1/topics') return sendTopics(response, holder, visit);
  if (path === '/v1/tickets') return sendJson(response, { ticket: visit.keys.ticket() });
  const command = /^\/v1\/commands\/([a-z]+\/[a-z-]+)$/.exec(path)?.[1];
  return command === undefined ? refuse(response) : carryOut(command, exchange, { ...visit, holder });
}

async function sendPage(path: string, response: ServerResponse, { pages }: Visit): Promise<void> {
  const page = pages === null ? null : await pageAt(pages, path);
  if (page === null) return refuse(response);
  response.writeHead(200, { ...strictHeaders, ...page.headers }).end(page.bytes);
}

const sessionSchema = z.strictObject({ ticket: z.string().max(128) });

async function startSession({ request, response }: Exchange, { keys }: Visit): Promise<void> {
  const asked = sessionSchema.safeParse((await jsonOf(request))?.value);
  const key = asked.success ? keys.redeem(asked.data.ticket) : null;
  return key === null ? refuse(response) : sendJson(response, { key });
}

async function carryOut(command: string, { request, response }: Exchange, visit: Visit & { readonly holder: Holder }): Promise<void> {
  const { contract, holder, tell } = visit;
  const body = await jsonOf(request);
  if (body === null) return refuse(response);
  if (holder.kind === 'window') tell({ kind: 'asked', command });
  sendJson(response, await contract.ask(command, body.value, holder.id));
}

function sendTopics(response: ServerResponse, { kind, id }: Holder, { contract, count }: Visit): void {
  response.writeHead(200, { ...strictHeaders, 'content-type': 'application/x-ndjson' });
  if (kind === 'window') count(1);
  response.once('close', () => kind === 'window' && count(-1));
  streamTopics(response, (hear) => contract.watch(hear, id));
}

function holderOf({ headers }: IncomingMessage, keys: Keys): Holder | null {
  const key = /^Bearer ([\w-]{20,100})$/.exec(headers.authorization ?? '')?.[1];
  return key === undefined ? null : keys.holderOf(key);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { ...strictHeaders, 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Nothing more is read of what is refused. */
function refuse(response: ServerResponse): void {
  response.writeHead(403, { ...strictHeaders, connection: 'close', 'content-length': 0 }).end();
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${parseAddress(server.address()).port}`;
}

/** A server that listens on a port has an address that is no path. */
function parseAddress(address: AddressInfo | string | null): AddressInfo {
  return address as AddressInfo;
}

async function shut(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
