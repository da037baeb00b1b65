import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { guardedFetch } from '#gateway/guarded-fetch.js';
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
