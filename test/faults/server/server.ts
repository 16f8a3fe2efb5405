/**
 * A web server that misbehaves on demand, down to the byte: it speaks HTTP/1.1 over plain sockets (or TLS) by itself, since a
 * proper HTTP library refuses to be this bad.
 */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { type Answer, headText, properAnswer, type Request } from './answer.ts';

/** One request and the means to answer it. */
export interface Turn {
  /** How many requests came before this one. */
  readonly n: number;
  readonly request: Request;
  /** The proper answer. */
  readonly answer: Answer;
  readonly socket: net.Socket;
  /** Writes bytes of a body and counts them; resolves when they are on their way, rejects when the client has gone. */
  readonly write: (bytes: Uint8Array | string) => Promise<void>;
  /** Sends an answer as it is, whatever its headers say. */
  readonly send: (answer: Answer) => Promise<void>;
}

/** Returns the answer to send, or null when it has dealt with the socket itself. */
export type Fault = (turn: Turn) => Answer | null | Promise<Answer | null>;

export interface FaultServerOptions {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly fault?: Fault;
  readonly tls?: tls.TlsOptions;
}

export interface FaultServer extends AsyncDisposable {
  /** The base URL, with the host as a name or address of this machine. */
  readonly url: string;
  readonly port: number;
  readonly requests: readonly Request[];
  /** Body bytes that were handed to the network, over all answers. */
  readonly bytesSent: number;
  readonly openConnections: number;
  /** How many connections there have been. */
  readonly connections: number;
  /** Resolves when the last connection is closed; rejects when that takes longer. */
  readonly closed: (withinMs: number) => Promise<void>;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
  const state = { requests: new Array<Request>(), bytesSent: 0, connections: 0, sockets: new Set<net.Socket>() };
  const onSocket = (socket: net.Socket): void => {
    state.sockets.add(socket);
    state.connections += 1;
    // A client that goes away is what many tests are about.
    socket.on('error', () => undefined).on('close', () => state.sockets.delete(socket));
    serve(socket, options, state).catch(() => socket.destroy());
  };
  const server = options.tls === undefined ? net.createServer(onSocket) : tls.createServer(options.tls, onSocket);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http${options.tls === undefined ? '' : 's'}://127.0.0.1:${port}/files`,
    port,
    requests: state.requests,
    get bytesSent() {
      return state.bytesSent;
    },
    get openConnections() {
      return state.sockets.size;
    },
    get connections() {
      return state.connections;
    },
    closed: (withinMs) => until(() => state.sockets.size === 0, withinMs),
    [Symbol.asyncDispose]: async () => {
      for (const socket of state.sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Resolves as soon as something holds. */
export async function until(holds: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`does not hold after ${withinMs} ms`);
    await sleep(5);
  }
}

interface State {
  readonly requests: Request[];
  bytesSent: number;
}

async function serve(socket: net.Socket, { files, fault = ({ answer }) => answer }: FaultServerOptions, state: State): Promise<void> {
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (socket.destroyed) throw new Error('the client has gone');
    state.bytesSent += bytes.length;
    await new Promise<void>((resolve, reject) => void socket.write(bytes, (error) => (error ? reject(error) : resolve())));
  };
  const send = async (answer: Answer): Promise<void> => {
    socket.write(headText(answer));
    if (answer.body.length > 0) await write(answer.body);
  };
  for await (const request of requestsOf(socket)) {
    const n = state.requests.push(request) - 1;
    const name = decodeURIComponent(request.path.replace(/^\/files\//, ''));
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    const proper = properAnswer(request, bytes === undefined ? undefined : { bytes, etag: '"first"' });
    const answer = await fault({ n, request, answer: proper, socket, write, send });
    if (answer !== null) await send(answer);
  }
}

async function* requestsOf(socket: net.Socket): AsyncGenerator<Request> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      yield parseRequest(text.slice(0, end));
      text = text.slice(end + 4);
    }
  }
}

function parseRequest(text: string): Request {
  const [first = '', ...lines] = text.split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
  return { method, path, headers: Object.fromEntries(headers) };
}
