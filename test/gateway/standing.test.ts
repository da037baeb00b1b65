import { expect, it } from 'vitest';
import type { PoolRecommendation } from '#gateway/scaling/replica-adviser.js';
import { asOne, type Standing } from '#gateway/standing.js';
import type { ReplicaStatus } from '#pool/lease.js';
import type { PoolStatus } from '#pool/topology/snapshot.js';

const replica = (id: string, more: Partial<ReplicaStatus>): ReplicaStatus => ({
  id,
  pool: 'p',
  model: 'm',
  url: `http://${id}`,
  health: 'healthy',
  circuit: 'closed',
  ejectedForMs: 0,
  unavailable: undefined,
  drained: false,
  inFlight: 1,
  waiting: 1,
  limit: 8,
  kvShare: 0.25,
  prefixShare: undefined,
  inFlightTokens: 10,
  ttftMs: undefined,
  tpotMs: 4,
  requests: 5,
  failures: 1,
  gpu: undefined,
  gpus: 1,
  usdPerHour: undefined,
  watts: undefined,
  engineWaiting: 0,
  trafficShare: undefined,
  prefillTokensPerSecond: undefined,
  slow: false,
  ...more,
});

const pool = (more: Partial<PoolStatus>): PoolStatus => ({
  name: 'p',
  model: 'm',
  contextTokens: 100,
  placement: 'prefix',
  inFlight: 2,
  limit: 16,
  available: 2,
  queued: 1,
  queueLength: 4,
  oldestWaitMs: 5,
  predictedWaitMs: 0,
  holdMs: undefined,
  tpotMs: 4,
  gpus: 2,
  usdPerHour: 0,
  watts: 0,
  spilling: false,
  spells: 0,
  counts: { granted: 3, waited: 1, saturated: 0, timedOut: 0, evicted: 0, shed: 0, spilled: 0 },
  ...more,
});

const standing = (more: Partial<Standing>): Standing => ({
  uptimeMs: 10,
  draining: false,
  inFlight: 2,
  recordsDropped: 0,
  pools: [pool({})],
  replicas: [replica('a', {}), replica('b', {})],
  processes: 1,
  recommendations: [],
  ...more,
});

it('several processes as one: sums, means, and of health the worse; unavailable is what none may use', () => {
  const open = { circuit: 'open', unavailable: 'circuit open' } as const;
  const one = asOne([
    standing({ replicas: [replica('a', open), replica('b', open)], uptimeMs: 30 }),
    standing({
      replicas: [
        replica('a', open),
        replica('b', { ttftMs: 20, tpotMs: 8, requests: 7, kvShare: 0.5, prefixShare: 0.5 }),
        replica('c', {}),
      ],
      pools: [pool({ oldestWaitMs: 9, predictedWaitMs: undefined, holdMs: 40 })],
      draining: true,
    }),
  ]);
  expect(one).toMatchObject({ uptimeMs: 30, draining: true, inFlight: 4 });
  expect(one.replicas).toMatchObject([
    { id: 'a', circuit: 'open', unavailable: 'circuit open', inFlight: 2, limit: 16, requests: 10 },
    {
      id: 'b',
      circuit: 'open',
      unavailable: undefined,
      ttftMs: 20,
      tpotMs: 6,
      requests: 12,
      failures: 2,
      waiting: 2,
      kvShare: 0.75,
      prefixShare: 0.5,
    },
    { id: 'c', inFlight: 1 },
  ]);
  expect(one.pools).toMatchObject([
    { name: 'p', available: 2, inFlight: 4, limit: 32, queued: 2, queueLength: 8, oldestWaitMs: 9, holdMs: 40 },
  ]);
  expect(one.pools[0]?.counts).toEqual({
    granted: 6,
    waited: 2,
    saturated: 0,
    timedOut: 0,
    evicted: 0,
    shed: 0,
    spilled: 0,
  });
  expect(asOne([standing({})])).toEqual(standing({}));
});

it('of what several processes recommend for a pool, the most', () => {
  const none = { pool: 'p', available: 2, none: 'few_requests' } as const;
  const wants = (pool: string, replicas: number): PoolRecommendation => ({
    ...{ pool, available: 2 },
    advice: {
      ...{
        replicas,
        needed: replicas - 0.5,
        decides: 'load now',
        bound: undefined,
        loadPerSecond: 1,
        forecast: undefined,
      },
      ...{ capacity: { requestsPerSecond: 1, from: 'engine model', bound: 'latency' }, headroom: 0 },
    },
  });
  const one = asOne([
    standing({ recommendations: [none, wants('q', 3)] }),
    standing({ recommendations: [wants('p', 4), wants('q', 2)] }),
    standing({ recommendations: [wants('p', 5), wants('q', 3)] }),
  ]);
  expect(one.processes).toBe(3);
  expect(one.recommendations).toEqual([wants('p', 5), wants('q', 3)]);
});
