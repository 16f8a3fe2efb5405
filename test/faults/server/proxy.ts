/** A forward proxy: CONNECT for https, the absolute form for http. Whatever the name, it leads to this machine. */
import { createServer, request } from 'node:http';
import { once } from 'node:events';
import net from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly url: string;
  readonly openConnections: number;
  /** What it was asked for: `CONNECT host:port` or `GET url`, with the credentials that came along. */
  readonly asked: readonly { readonly line: string; readonly authorization: string | null }[];
}

/** Starts a proxy; with `refuse`, it answers everything with that status, and with 'silence' nothing. */
export async function startProxy(targetPort: number, refuse: number | 'silence' | null = null): Promise<Proxy> {
  const asked: { line: string; authorization: string | null }[] = [];
  const sockets = new Set<net.Socket>();
  const server = createServer((incoming, outgoing) => {
    asked.push({ line: `${incoming.method} ${incoming.url}`, authorization: incoming.headers['proxy-authorization'] ?? null });
    const { pathname } = new URL(incoming.url ?? '');
    if (typeof refuse === 'number') outgoing.writeHead(refuse).end();
    else
      request({ host: '127.0.0.1', port: targetPort, path: pathname, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }).end();
  });
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.on('connect', (incoming, socket) => {
    asked.push({ line: `CONNECT ${incoming.url}`, authorization: incoming.headers['proxy-authorization'] ?? null });
    if (refuse === 'silence') {
      socket.resume().on('end', () => socket.destroy());
      return;
    }
    if (refuse !== null) {
      socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`);
      return;
    }
    const target = net.connect(targetPort, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    target.on('error', () => socket.destroy());
    socket.on('close', () => target.destroy());
    socket.pipe(target).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    get openConnections() {
      return [...sockets].filter((socket) => !socket.destroyed).length;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
