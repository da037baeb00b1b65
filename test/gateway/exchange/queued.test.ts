import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let small: MockUpstream;
let large: MockUpstream;
let weir: RunningGateway;
const holder = new AbortController();

const WAIT_MS = 60;

beforeAll(async () => {
  small = await startMockUpstream();
  large = await startMockUpstream();
  weir = await startGateway(`
pool:
  models: { small: {}, large: {}, patient: {} }
  pools:
    small: { model: small, health: false, concurrency: 1, replicas: ["${small.url}"], queue: { timeout: ${WAIT_MS}ms } }
    patient: { model: patient, health: false, concurrency: 1, replicas: ["${small.url}"], queue: { timeout: 60s } }
    large: { model: large, health: false, replicas: ["${large.url}"] }
router:
  decisions: [{ name: all, when: otherwise, models: [small, large], select: static, strategy: fallback }]
`);
  small.behaviour = { kind: 'hang' };
  for (const model of ['small', 'patient']) weir.chat({ model }, { signal: holder.signal }).catch(() => undefined);
  await vi.waitFor(() => expect(small.seen).toHaveLength(2));
});
afterAll(() => {
  holder.abort();
  return Promise.all([weir.close(), small.close(), large.close()]);
});

// A timer may ring a little less than a millisecond early.
const WAITED = WAIT_MS - 1;

it('a wait that brought no place is told in the record', async () => {
  const response = await weir.chat({ model: 'small' });
  expect(response.status).toBe(429);
  expect((await weir.recordOf(response)).outcome.queuedMs).toBeGreaterThanOrEqual(WAITED);
});

it('and so is one after which another model answered', async () => {
  const response = await weir.chat({ model: 'auto' });
  expect(response.status).toBe(200);
  await response.text();
  const { outcome } = await weir.recordOf(response);
  expect(outcome).toMatchObject({ status: 'answered', pool: 'large' });
  expect(outcome.queuedMs).toBeGreaterThanOrEqual(WAITED);
});

it('and one that the client was tired of', async () => {
  const leave = new AbortController();
  const asked = weir.chat({ model: 'patient' }, { signal: leave.signal }).catch(() => undefined);
  await expect.poll(() => weir.gateway.runtime.pool.read('patient.queued')).toBe(1);
  leave.abort();
  await asked;
  const cancelled = async () =>
    (await weir.records.list({ limit: 9 })).find(({ outcome }) => outcome.status === 'cancelled');
  await expect.poll(cancelled).toBeDefined();
  expect((await cancelled())!.outcome.queuedMs).toBeGreaterThan(0);
});
