import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface LoopbackProxy {
  readonly url: string;
  /** What was asked for: `GET http://host/path` and `CONNECT host:port`. */
  readonly seen: readonly string[];
  /** Statuses that are answered in the place of doing what is asked. */
  refuses: number | undefined;
  close(): Promise<void>;
}

/**
 * A forward proxy for plain requests and tunnels. All hosts that it is asked for lie at one address, so that names may be used which only it knows.
 *
 * @param at where that is, `http://host:port`.
 */
export async function startLoopbackProxy(at: string, credentials?: string): Promise<LoopbackProxy> {
  const seen: string[] = [];
  const to = new URL(at);
  const refusal = ({ headers }: IncomingMessage): number | undefined => {
    const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    return wanted !== undefined && headers['proxy-authorization'] !== wanted ? 407 : proxy.refuses;
  };
  const server = createServer((incoming, answer) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const status = refusal(incoming);
    if (status !== undefined) {
      answer.writeHead(status).end();
      return;
    }
    const { pathname, search, host } = new URL(incoming.url!);
    const named = host.startsWith('127.0.0.1:') ? new URL(incoming.url!) : to;
    const headers = { ...incoming.headers, host };
    delete headers['proxy-authorization'];
    ask({ host: named.hostname, port: named.port, path: pathname + search, method: incoming.method, headers }, got => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    }).end();
  });
  server.on('connect', (incoming: IncomingMessage, socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    const status = refusal(incoming);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} no\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const other = connect(Number(to.port), to.hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      other.pipe(socket);
      socket.pipe(other);
    });
    for (const one of [other, socket]) one.on('error', () => [other, socket].map(both => both.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: LoopbackProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    refuses: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
