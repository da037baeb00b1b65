import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Connections } from '#gateway/upstream/connections.js';

describe('connections to replicas', () => {
  it('are undici’s own pools, one for each origin', () => {
    const connections = new Connections();
    const pool = connections.to('http://127.0.0.1:9/v1', 1000);
    expect(pool.constructor.name).toBe('Pool');
    expect(connections.to('http://127.0.0.1:9', 1000)).toBe(pool);
    expect(connections.to('http://127.0.0.1:10', 1000)).not.toBe(pool);
  });

  it.each([
    ['http://h:1', '/v1/chat/completions'],
    ['http://h:1/', '/v1/chat/completions'],
    ['http://h:1/v1', '/v1/chat/completions'],
    ['http://h:1/v1/', '/v1/chat/completions'],
    ['http://h:1/openai/v1', '/openai/v1/chat/completions'],
  ])('know the path of a call at %s', (url, path) => {
    expect(new Connections().route(url, '/v1/chat/completions', 1000).path).toBe(path);
  });

  it('carry small calls, with nothing of undici loaded but what they load themselves', async () => {
    const server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const connections = new Connections();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health?deep=1`;
    const { statusCode, body } = await connections.ask(url, 1000, { method: 'GET' });
    expect([statusCode, await body.text()]).toEqual([200, 'GET /health?deep=1']);
    await connections.destroy();
    server.close();
  });

  it('close what no replica lives at any more', async () => {
    const connections = new Connections();
    const gone = connections.to('http://127.0.0.1:9', 1000);
    const stays = connections.to('http://127.0.0.1:10', 1000);
    connections.keepOnly(['http://127.0.0.1:10/v1']);
    expect(gone.closed).toBe(true);
    expect(stays.closed).toBe(false);
    await connections.destroy();
    expect(stays.destroyed).toBe(true);
  });
});
