import { describe, expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import {
  ANSWERED,
  addresses,
  ask,
  bench,
  CANCELLED,
  FAULT,
  parsed,
  plain,
  profile,
  REFUSED,
  statusOf,
} from './support.js';

describe('a place', () => {
  test('is given at once when there is room, and its load is carried until it ends', () => {
    const { pool, clock, placers } = bench(plain(2));
    placers[0]!.hit = 30;
    const { lease } = ask(pool);
    expect(lease.placement).toEqual({
      pool: 'p',
      replica: 'p/a',
      expectedPrefixTokens: 30,
      score: 1,
      losers: [],
      considered: 2,
      queuedMs: 0,
    });
    expect(lease.target).toEqual({ id: 'p/a', pool: 'p', url: 'http://10.0.0.1:8000', servedModel: 'm' });
    expect(statusOf(pool, 'p/a')).toMatchObject({ inFlight: 1, inFlightTokens: 150, requests: 1 });
    expect(placers[0]!.commits).toEqual([]);
    lease.sent();
    lease.sent();
    expect(placers[0]!.commits).toEqual(['p/a']);
    clock.advance(5);
    lease.firstByte();
    lease.release(ANSWERED);
    expect(statusOf(pool, 'p/a')).toMatchObject({ inFlight: 0, inFlightTokens: 0, failures: 0 });
  });

  test('is given back once, whatever comes after', () => {
    const { pool } = bench(plain(1));
    const first = ask(pool).lease;
    ask(pool);
    first.release(CANCELLED);
    first.release(FAULT);
    first.firstByte();
    first.sent();
    expect(statusOf(pool, 'p/a')).toMatchObject({ inFlight: 1, failures: 0, inFlightTokens: 150 });
  });

  test('is never on a replica that the request has failed on', () => {
    const { pool } = bench(plain(2));
    expect(ask(pool, { exclude: ['p/a'] }).lease.placement.replica).toBe('p/b');
    const { error } = ask(pool, { exclude: ['p/a', 'p/b'] });
    expect(error.code).toBe('pool.no_replica');
    expect(error.hint).toBe('p/a: already tried; p/b: already tried');
  });

  test('is refused for a model that nobody serves', () => {
    const { pool } = bench(plain(1));
    expect(ask(pool, { model: 'x' }).error.code).toBe('pool.no_replica');
  });

  test('is only in pools that the route allows', () => {
    const { pool } = bench({
      models: { m: {} },
      pools: { p: { model: 'm', replicas: addresses(1) }, q: { model: 'm', replicas: addresses(1, '10.0.0.2') } },
    });
    expect(ask(pool, { constraints: { pools: ['q'] } }).lease.placement.pool).toBe('q');
    const { error } = ask(pool, { constraints: { pools: ['z'] } });
    expect(error.code).toBe('pool.no_replica');
    expect(error.hint).toContain('p, q');
  });
});

describe('context windows', () => {
  const config = {
    models: { m: { context: '4k' } },
    pools: {
      long: { model: 'm', context: '16k', concurrency: 1, replicas: addresses(1) },
      short: { model: 'm', concurrency: 1, replicas: addresses(1, '10.0.0.2') },
    },
  };

  test('the tightest that fits is taken, a wider one when that is full', () => {
    const { pool } = bench(config);
    expect(ask(pool).lease.placement.pool).toBe('short');
    expect(ask(pool).lease.placement.pool).toBe('long');
  });

  test('a prompt that fits only the longest goes there, and one that fits none is told the longest', () => {
    const { pool } = bench(config);
    expect(ask(pool, { promptTokens: 5000 }).lease.placement.pool).toBe('long');
    const { error } = ask(pool, { promptTokens: 16_380 });
    expect(error.code).toBe('request.context_too_long');
    expect(error.hint).toContain('16384');
    expect(error.hint).toContain('long');
    expect(ask(pool, { promptTokens: 5000, constraints: { pools: ['short'] } }).error.code).toBe(
      'request.context_too_long',
    );
  });

  test('one that waits for the long pool holds up nobody who can use the short one', () => {
    const { pool } = bench(config);
    const short = ask(pool).lease;
    const long = ask(pool, { promptTokens: 5000 }).lease;
    const first = ask(pool, { promptTokens: 5000 });
    const second = ask(pool);
    short.release(ANSWERED);
    expect(first.results).toEqual([]);
    expect(second.lease.placement.pool).toBe('short');
    long.release(ANSWERED);
    expect(first.lease.placement.pool).toBe('long');
  });
});

describe('circuits and health', () => {
  test('failures open a circuit, a trial after its time closes it, and only one trial runs', () => {
    const { pool, clock } = bench(plain(1, { circuit: { failures: 2, open_for: '1s' }, health: false }));
    ask(pool).lease.release(FAULT);
    ask(pool).lease.release(FAULT);
    const { error } = ask(pool);
    expect(error.code).toBe('pool.no_replica');
    expect(error.hint).toBe('p/a: circuit open');
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(800);
    expect(error.retryAfterMs).toBeLessThanOrEqual(1000);
    clock.advance(1000);
    const trial = ask(pool).lease;
    expect(ask(pool).error.code).toBe('pool.no_replica');
    trial.firstByte();
    expect(ask(pool).lease.placement.replica).toBe('p/a');
    expect(statusOf(pool, 'p/a').circuit).toBe('closed');
  });

  test('a request that was itself wrong, and a client that left, are not held against the replica', () => {
    const { pool } = bench(plain(1, { circuit: { failures: 1 } }));
    for (let i = 0; i < 5; i++) {
      ask(pool).lease.release(REFUSED);
      ask(pool).lease.release(CANCELLED);
    }
    expect(statusOf(pool, 'p/a')).toMatchObject({ circuit: 'closed', failures: 0, requests: 10 });
  });

  test('a cancelled trial leaves room for another', () => {
    const { pool, clock } = bench(plain(1, { circuit: { failures: 1, open_for: '1s' } }));
    ask(pool).lease.release(FAULT);
    clock.advance(1000);
    ask(pool).lease.release(CANCELLED);
    ask(pool).lease.release(ANSWERED);
    expect(statusOf(pool, 'p/a').circuit).toBe('closed');
  });

  test('probes take a replica out and back in, and its cache counts as lost', () => {
    const { pool, placers } = bench(plain(2));
    pool.probed('p/a', true, 3);
    for (let i = 0; i < 3; i++) pool.probed('p/a', false, 3);
    expect(statusOf(pool, 'p/a')).toMatchObject({ health: 'unhealthy', unavailable: 'unhealthy' });
    expect(ask(pool).lease.placement.replica).toBe('p/b');
    pool.probed('p/a', true, 3);
    expect(statusOf(pool, 'p/a')).toMatchObject({ health: 'healthy', circuit: 'closed', unavailable: undefined });
    expect(placers[0]!.forgotten).toEqual(['p/a']);
    pool.probed('nobody', false, 3);
  });

  test('replicas nobody has probed yet are available', () => {
    const { pool } = bench(plain(1));
    expect(statusOf(pool, 'p/a')).toMatchObject({ health: 'unknown', unavailable: undefined });
    expect(ask(pool).lease.placement.replica).toBe('p/a');
  });

  test('with every replica dead by its probes, one request at a time finds out whether that is true', () => {
    const { pool, clock } = bench(plain(1, { circuit: { open_for: '1s' } }));
    pool.probed('p/a', false, 0);
    expect(ask(pool).error.hint).toBe('p/a: unhealthy');
    clock.advance(1000);
    const trial = ask(pool).lease;
    expect(ask(pool).error.code).toBe('pool.no_replica');
    trial.firstByte();
    trial.release(ANSWERED);
    expect(statusOf(pool, 'p/a')).toMatchObject({ health: 'unknown', circuit: 'closed' });
    expect(ask(pool).lease.placement.replica).toBe('p/a');
  });

  test('a restarted engine and a cache of another size make the prefix index worthless', () => {
    const { pool, placers } = bench(plain(1));
    pool.observed('p/a', { startedAt: 5, kvTokens: 1000 });
    pool.observed('p/a', { startedAt: 5, kvTokens: 1000 });
    expect(placers[0]!.forgotten).toEqual([]);
    pool.observed('p/a', { startedAt: 6, kvTokens: 1000 });
    expect(placers[0]!.forgotten).toEqual(['p/a']);
    pool.observed('p/a', { startedAt: 6, kvTokens: 2000 });
    expect(placers[0]!.forgotten).toEqual(['p/a', 'p/a']);
  });
});

describe('what is said of the pool', () => {
  test('probes list what is to be asked', () => {
    const { pool } = bench({
      models: { m: {} },
      pools: {
        p: { model: 'm', replicas: addresses(1) },
        q: { model: 'm', replicas: ['https://api.example.com/v1'] },
        s: { model: 'm', simulate: { model: 'x', gpu: 'y' } },
      },
    });
    expect(pool.probes()).toEqual([
      { id: 'p/a', pool: 'p', url: 'http://10.0.0.1:8000/health', intervalMs: 5000, timeoutMs: 2000 },
    ]);
    expect(pool.replicas().map(({ id }) => id)).toEqual(['p/a', 'q/api.example.com:443', 's/simulated-0']);
  });

  test('measures are read by name', () => {
    const { pool } = bench(plain(2, { concurrency: 2 }));
    for (let i = 0; i < 5; i++) ask(pool);
    const names = ['in_flight', 'queued', 'limit', 'available', 'load'];
    expect(names.map(name => pool.read(`p.${name}`))).toEqual([4, 1, 4, 2, 1.25]);
    expect(names.map(name => pool.read(`m.${name}`))).toEqual([4, 1, 4, 2, 1.25]);
    for (const name of ['p', 'p.', 'p.nothing', 'x.load', '.load', 'p.toString', 'constructor.load']) {
      expect(pool.read(name)).toBeUndefined();
    }
  });

  test('a snapshot shows who waits, and since when', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    ask(pool);
    ask(pool);
    clock.advance(70);
    ask(pool);
    clock.advance(30);
    expect(pool.snapshot().pools).toMatchObject([
      { name: 'p', inFlight: 1, limit: 1, queued: 2, queueLength: 128, oldestWaitMs: 100, counts: { granted: 1 } },
    ]);
  });
});

test.each(['prefix', 'least_load', 'power_of_two', 'round_robin'])(
  '%s placement fills every place and no more',
  kind => {
    const { pool, clock } = bench(plain(4, { concurrency: 3, placement: kind, queue: { length: 5 } }), {
      placer: (name, random) => createPlacer(name, { random }),
    });
    const prefix = { hashes: [1, 2, 3], blockTokens: 16 };
    const asked = Array.from({ length: 18 }, () => {
      clock.advance(1);
      const one = ask(pool, { prefix });
      if (one.results.length > 0 && !isWeirError(one.results[0])) one.lease.sent();
      return one;
    });
    expect(pool.replicas().map(({ inFlight }) => inFlight)).toEqual([3, 3, 3, 3]);
    expect(asked.map(({ results }) => results.length)).toEqual([...Array(12).fill(1), ...Array(5).fill(0), 1]);
    expect(asked[17]!.error.code).toBe('pool.saturated');
    for (const { lease } of asked.slice(0, 5)) lease.release(ANSWERED);
    expect(asked.slice(12, 17).every(({ lease }) => lease.placement.queuedMs > 0)).toBe(true);
  },
);

test('a placement says what its scores are made of, and a quote in between does not take that away', () => {
  const { pool } = bench(plain(3, { concurrency: 8 }), { placer: (name, random) => createPlacer(name, { random }) });
  const prefix = { hashes: [1, 2, 3, 4, 5, 6], blockTokens: 16 };
  expect(ask(pool).lease.placement.parts).toBeUndefined();
  ask(pool, { prefix }).lease.sent();
  pool.quote('m', profile());
  const { score, losers, parts } = ask(pool, { prefix }).lease.placement;
  const total = (scores: readonly number[]) =>
    scores.reduce((sum, part, at) => sum + part * parts!.scorers[at]!.weight, 0);
  expect(total(parts!.chosen)).toBeCloseTo(score, 2);
  expect(parts!.losers.map(total)).toEqual(losers.map(loser => expect.closeTo(loser.score, 2)));
});

describe('configurations that cannot work', () => {
  test('a pool whose model is not defined', () => {
    expect(() => bench({ models: {}, pools: plain(1).pools })).toThrowError(
      expect.objectContaining({ code: 'config.unknown_reference', path: 'pool.pools.p.model' }),
    );
  });

  test('a replica that stands twice', () => {
    try {
      bench({ models: { m: {} }, pools: { p: { model: 'm', replicas: ['http://a:1', 'http://a:1/v1'] } } });
      expect.unreachable();
    } catch (error) {
      expect(isWeirError(error) && error.code).toBe('config.duplicate');
    }
  });

  test('weights size replicas', () => {
    const config = parsed({
      models: { m: {} },
      pools: {
        p: {
          model: 'm',
          concurrency: 10,
          replicas: [
            { url: 'http://a', weight: 0.01 },
            { url: 'http://b', weight: 2.5 },
          ],
        },
      },
    });
    const { pool } = bench(plain(1));
    pool.reconfigure(config);
    expect(pool.replicas().map(({ limit }) => limit)).toEqual([1, 25]);
  });
});
