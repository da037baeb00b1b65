import { afterEach, expect, it } from 'vitest';
import { STALE_WITHIN } from '#gateway/http1/connection.js';
import { machineClock } from '#gateway/machine-clock.js';
import { Connections } from '#gateway/upstream/connections.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../../support/running-gateway.js';

const mocks: MockUpstream[] = [];
let weir: RunningGateway | undefined;
afterEach(async () => {
  await weir?.close();
  await Promise.all(mocks.splice(0).map(mock => mock.close()));
});

/**
 * Two models of one replica each, the first with a connection that has carried an answer; whatever it is asked next it closes the
 * connection on, `afterMs` of the connections' time later.
 */
async function crashing(afterMs: number): Promise<RunningGateway> {
  let now = 0;
  const connections = new Connections({ ...machineClock, now: () => now });
  const [first, second] = [await startMockUpstream(), await startMockUpstream()];
  mocks.push(first, second);
  weir = await startGateway(
    `
router: { decisions: [{ name: all, when: otherwise, models: [a, b], select: static }] }
pool:
  models: { a: {}, b: {} }
  pools:
    a: { model: a, health: false, replicas: ["${first.url}"] }
    b: { model: b, health: false, replicas: ["${second.url}"] }
`,
    {},
    { connections },
  );
  await (await weir.chat({ model: 'auto' })).text();
  first.behaviour = (_, index) => {
    if (index > 1) return { kind: 'answer' };
    now += afterMs;
    return { kind: 'hang_up' };
  };
  return weir;
}

it('sends a request again unseen where the connection was closed as it was sent', async () => {
  const gateway = await crashing(STALE_WITHIN);
  const response = await gateway.chat({ model: 'auto' });
  expect((await gateway.recordOf(response)).attempts).toMatchObject([{ model: 'a', status: 'answered' }]);
  expect(mocks.map(({ seen }) => seen.length)).toEqual([3, 0]);
});

it('counts a replica that closes after it has worked as one that failed, and goes on by the rules of fallback', async () => {
  const gateway = await crashing(STALE_WITHIN + 1);
  const response = await gateway.chat({ model: 'auto' });
  expect(response.status).toBe(200);
  expect((await gateway.recordOf(response)).attempts).toMatchObject([
    { model: 'a', status: 'failed', error: 'upstream.connect' },
    { model: 'b', status: 'answered' },
  ]);
  // What crashed the engine is not sent to it again.
  expect(mocks.map(({ seen }) => seen.length)).toEqual([2, 1]);
  expect(await metricOf(gateway.metrics, 'weir_attempts_total', { pool: 'a', status: 'failed' })).toBe(1);
});
