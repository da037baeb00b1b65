import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let busy: MockUpstream;
let other: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  busy = await startMockUpstream();
  other = await startMockUpstream();
  weir = await startGateway(`
pool:
  models: { first: {}, second: {} }
  pools:
    first: { model: first, health: false, replicas: ["${busy.url}"] }
    second: { model: second, health: false, replicas: ["${other.url}"] }
router:
  decisions: [{ name: all, when: otherwise, models: [first, second] }]
`);
});
afterAll(() => Promise.all([weir.close(), busy.close(), other.close()]));

const ask = (model: string) =>
  fetch(`${weir.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  });

it('an engine that asks to be left alone is, and who asks for it is told for how long', async () => {
  busy.behaviour = { kind: 'status', status: 429, retryAfter: '40' };
  const first = await ask('first');
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '40']);
  expect((await weir.recordOf(first)).outcome).toMatchObject({
    status: 'failed',
    error: 'upstream.busy',
    httpStatus: 429,
  });
  const second = await ask('first');
  expect(second.status).toBe(503);
  expect(second.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
  expect(busy.seen).toHaveLength(1);
  expect((await weir.recordOf(second)).outcome).toMatchObject({ status: 'failed', error: 'pool.no_replica' });
  const routed = await ask('auto');
  expect(routed.status).toBe(200);
  expect(busy.seen).toHaveLength(1);
});
