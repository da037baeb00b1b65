import type { lookup as machineLookup } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { guardedFetch, guardedLookup } from '#gateway/guarded-fetch.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';
import { AddressGuard } from '#identity/address-guard.js';

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(listener: RequestListener): Promise<number> {
  const listening = createServer(listener);
  server = listening;
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

const inside = guardedFetch(new AddressGuard(['127.0.0.0/8', '::1/128']));

describe('a guarded fetch', () => {
  it('reads JSON where it may', async () => {
    const port = await serve((_, response) => response.end('{"a":1}'));
    expect(await inside(`http://127.0.0.1:${port}/x`)).toEqual({ a: 1 });
    expect(await inside(`http://localhost:${port}/x`)).toEqual({ a: 1 });
  });

  it('judges the addresses that a name resolves to', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked++;
      response.end('{}');
    });
    const elsewhere = guardedFetch(new AddressGuard(['10.0.0.0/8']));
    await expect(elsewhere(`http://localhost:${port}/x`)).rejects.toMatchObject({ code: 'network.blocked' });
    await expect(guardedFetch(new AddressGuard())(`https://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: 'network.blocked',
    });
    expect(asked).toBe(0);
  });

  it('judges them where a connection is made, too: a name that is looked up again may lead elsewhere', async () => {
    let asked = 0;
    const port = await serve((_, response) => {
      asked++;
      response.end('{}');
    });
    const lookup = ((_host: string, _options: object, found: (...answer: unknown[]) => void) =>
      found(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as typeof machineLookup;
    const ask = async (allowed: string) => {
      const connections = new Connections(machineClock, guardedLookup(new AddressGuard([allowed]), lookup));
      const options = { method: 'GET', timeout: 5000 } as const;
      const answer = connections.ask(`http://rebound.example:${port}/x`, 5000, options);
      return answer.then(({ status }) => status).finally(() => connections.destroy());
    };
    await expect(ask('10.0.0.0/8')).rejects.toMatchObject({ code: 'upstream.connect' });
    expect(asked).toBe(0);
    expect(await ask('127.0.0.0/8')).toBe(200);
  });

  it('follows no redirect, and takes no endless and no other answer', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
      else if (request.url === '/long') response.end('x'.repeat(2_000_000));
      else response.end('<html>');
    });
    for (const path of ['redirect', 'long', 'html']) {
      await expect(inside(`http://127.0.0.1:${port}/${path}`)).rejects.toMatchObject({ code: 'auth.unavailable' });
    }
  });
});
