import { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let engine: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  engine = await startMockUpstream();
  weir = await startGateway(`
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${engine.url}"] } }
`);
});
afterAll(() => Promise.all([weir.close(), engine.close()]));

it('an answer that cannot be sent takes no room once its request has ended', async () => {
  const write = ServerResponse.prototype.writeHead;
  let broken = false;
  vi.spyOn(ServerResponse.prototype, 'writeHead').mockImplementation(function (this: ServerResponse, status, ...rest) {
    // The engine answers from this process, too.
    if (!broken && status === 200 && JSON.stringify(rest).includes('x-request-id')) {
      broken = true;
      throw new TypeError('Invalid character in header content');
    }
    return Reflect.apply(write, this, [status, ...rest]);
  });
  const response = await weir.chat({ model: 'm' });
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: 'internal.defect' } });
  const { heldRoom, pool } = weir.gateway.runtime;
  expect([heldRoom.held, pool.read('p.in_flight'), weir.gateway.inFlight]).toEqual([0, 0, 0]);
});
