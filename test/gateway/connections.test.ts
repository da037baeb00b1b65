import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { STALE_WITHIN } from '#gateway/http1/connection.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';

const servers: Server[] = [];
const connections = new Connections(machineClock);

afterEach(() => {
  connections.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of bytes that answers each piece that comes, by its number over all connections. */
async function answering(answer: (socket: Socket, call: number) => unknown) {
  const server = { url: '', calls: 0 };
  server.url = await listening(
    createServer(socket => {
      socket.on('error', () => {});
      socket.on('data', () => answer(socket, ++server.calls));
    }),
  );
  return server;
}

/** A server of HTTP that says what it was asked, and the connections that it was asked on. */
async function echoing() {
  const sockets = new Set<Socket>();
  const url = await listening(
    createHttpServer((request, response) => {
      sockets.add(request.socket);
      response.end(`${request.method} ${request.url}`);
    }),
  );
  return { url, sockets };
}

const options = { method: 'GET', timeout: 5000 } as const;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('connections to replicas', () => {
  it('are kept by origin', () => {
    const origin = connections.to('http://127.0.0.1:9/v1');
    expect(connections.to('http://127.0.0.1:9')).toBe(origin);
    expect(connections.to('http://127.0.0.1:10')).not.toBe(origin);
    expect(connections.to('https://[::1]/v1').endpoint).toEqual({
      host: '::1',
      port: 443,
      secure: true,
    });
  });

  it.each([
    ['http://h:1', '/v1/chat/completions'],
    ['http://h:1/', '/v1/chat/completions'],
    ['http://h:1/v1', '/v1/chat/completions'],
    ['http://h:1/v1/', '/v1/chat/completions'],
    ['http://h:1/openai/v1', '/openai/v1/chat/completions'],
  ])('know the path of a call at %s', (url, path) => {
    expect(connections.route(url, '/v1/chat/completions', 1000).path).toBe(path);
  });

  it('write a head once for the headers of a pool, and none that would break out of its line', () => {
    const route = connections.route('http://h:1/v1', '/v1/x', 1000);
    const headers = { authorization: 'Bearer s', 'x-a': 'é' };
    expect(route.head(headers)).toBe(
      'POST /v1/x HTTP/1.1\r\nhost: h:1\r\nconnection: keep-alive\r\nauthorization: Bearer s\r\nx-a: é\r\ncontent-length: ',
    );
    expect(() => route.head({ 'x-a': 'b\r\nx-c: d' })).toThrow('"x-a" cannot be sent');
    expect(() => route.head({ 'x a': 'b' })).toThrow('cannot be sent');
  });

  it('carry calls one after the other on one connection, and side by side on several', async () => {
    const { url, sockets } = await echoing();
    const ask = () => connections.ask(`${url}/health?deep=1`, 1000, options);
    for (let i = 0; i < 3; i++) {
      const { status, body } = await ask();
      expect([status, body.toString()]).toEqual([200, 'GET /health?deep=1']);
    }
    expect(sockets.size).toBe(1);
    await Promise.all([ask(), ask(), ask()]);
    expect(sockets.size).toBe(3);
    expect(connections.to(url).size).toBe(3);
  });

  it('are used by all who call an origin, however long each would wait for a new one', async () => {
    const { url, sockets } = await echoing();
    for (const connectTimeout of [1000, 2000, 1000, 2000]) await connections.ask(`${url}/x`, connectTimeout, options);
    expect(sockets.size).toBe(1);
    expect(connections.route(url, '/v1/x', 1000)).toBe(connections.route(url, '/v1/x', 1000));
    expect(connections.route(url, '/v1/x', 1000)).not.toBe(connections.route(url, '/v1/x', 2000));
  });

  it('give nobody a connection on which something came that nobody asked for', async () => {
    let say: () => void = () => undefined;
    const { url } = await answering(socket => {
      socket.write(OK);
      say = () => socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
    });
    await connections.ask(url, 1000, options);
    const origin = connections.to(url);
    const first = origin.take(1000);
    const { socket } = first as unknown as { readonly socket: Socket };
    origin.freed(first);
    say();
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      const taken = origin.take(1000);
      if (taken !== first) break;
      expect(socket.destroyed).toBe(false);
      origin.freed(taken);
    }
    expect(socket.destroyed).toBe(true);
  });

  it('replace a connection that went stale unseen, once', async () => {
    // The second request on the first connection meets a server that has just given it up.
    const server = await answering((socket, call) => (call === 2 ? socket.resetAndDestroy() : socket.write(OK)));
    expect((await connections.ask(server.url, 1000, options)).status).toBe(200);
    expect((await connections.ask(server.url, 1000, options)).status).toBe(200);
    expect(server.calls).toBe(3);
  });

  it.each([
    ['as the request was sent', STALE_WITHIN, true],
    ['after the server had had the request for a while', STALE_WITHIN + 1, false],
  ])('are judged stale by when they close: %s', async (_, later, again) => {
    let now = 0;
    const timed = new Connections({ ...machineClock, now: () => now });
    const server = await answering((socket, call) => {
      if (call !== 2) socket.write(OK);
      else {
        now += later;
        socket.resetAndDestroy();
      }
    });
    await timed.ask(server.url, 1000, options);
    const second = timed.ask(server.url, 1000, options);
    if (again) expect((await second).status).toBe(200);
    else await expect(second).rejects.toMatchObject({ code: 'upstream.connect' });
    expect(server.calls).toBe(again ? 3 : 2);
    timed.destroy();
  });

  it('do not ask again when part of a head had come', async () => {
    const server = await answering((socket, call) =>
      call === 2 ? socket.end('HTTP/1.1 200 OK\r\ncontent-le') : socket.write(OK),
    );
    await connections.ask(server.url, 1000, options);
    await expect(connections.ask(server.url, 1000, options)).rejects.toMatchObject({ code: 'upstream.connect' });
    expect(server.calls).toBe(2);
  });

  it('do not ask again when a new connection breaks, or an answer had begun', async () => {
    const server = await answering((socket, call) => {
      if (call === 2) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
      else if (call === 3) socket.resetAndDestroy();
      else socket.write(OK);
    });
    await connections.ask(server.url, 1000, options);
    await expect(connections.ask(server.url, 1000, options)).rejects.toMatchObject({ code: 'upstream.cut' });
    await expect(connections.ask(server.url, 1000, options)).rejects.toMatchObject({ code: 'upstream.connect' });
    expect(server.calls).toBe(3);
  });

  it.each([
    ['SSH-2.0-OpenSSH\r\n\r\n', 'upstream.malformed'],
    [`HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n${'x'.repeat(300_000)}`, 'upstream.too_large'],
  ])('say what is wrong with %.20j', async (answer, code) => {
    const { url } = await answering(socket => socket.write(answer));
    await expect(connections.ask(url, 1000, options)).rejects.toMatchObject({ code });
  });

  it('give up in time', async () => {
    const { url } = await answering(() => undefined);
    await expect(connections.ask(url, 1000, { ...options, timeout: 50 })).rejects.toMatchObject({
      code: 'upstream.timeout',
    });
    const signal = AbortSignal.timeout(20);
    await expect(connections.ask(url, 1000, { ...options, signal })).rejects.toMatchObject({
      code: 'upstream.connect',
    });
    await expect(connections.ask('http://127.0.0.1:1', 1000, options)).rejects.toMatchObject({
      code: 'upstream.connect',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('close what no replica lives at any more', async () => {
    const gone = connections.to('http://127.0.0.1:9');
    const stays = connections.to('http://127.0.0.1:10');
    connections.keepOnly(['http://127.0.0.1:10/v1']);
    expect([gone.closed, stays.closed]).toEqual([true, false]);
    connections.destroy();
    expect(stays.closed).toBe(true);
  });
});
