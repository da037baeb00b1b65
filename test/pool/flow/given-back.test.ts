import { describe, expect, test } from 'vitest';
import { ANSWERED, addresses, ask, bench, FAULT, parsed, plain, statusOf } from '../support.js';

const flow = (tenant: string) => ({ tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 0 }) as const;
const of = (tenant: string) => ({ flow: flow(tenant) });
const only = (ids: readonly string[], more: Record<string, unknown> = {}) => ({
  models: { m: { context: 8192 } },
  pools: { p: { model: 'm', replicas: addresses(3).filter(({ id }) => ids.includes(id!)), ...more } },
});

describe('what a tenant holds is given back', () => {
  test('when the replica has left the configuration in the meantime', () => {
    const { pool, clock } = bench(only(['a'], { concurrency: 4 }));
    const held = [1, 2, 3].map(() => ask(pool, of('t')).lease);
    pool.reconfigure(parsed(only(['b'], { concurrency: 4 })));
    for (const lease of held) lease.release(ANSWERED);
    clock.advance(20_000);
    // Somebody else is about: three of four places are the most that it may have.
    ask(pool, of('u'));
    const asked = [1, 2, 3].map(() => ask(pool, of('t')));
    expect(asked.map(({ results }) => results.length)).toEqual([1, 1, 1]);
    for (const { lease } of asked) lease.release(ANSWERED);
    clock.advance(20_000);
    expect([1, 2, 3, 4].map(() => ask(pool, of('u')).results.length)).toEqual([1, 1, 1, 0]);
  });

  test('when its pool has left and come again, and its requests count against the limit of the replica meanwhile', () => {
    const { pool, clock } = bench(only(['a'], { concurrency: 4 }));
    const held = [1, 2, 3].map(() => ask(pool, of('t')).lease);
    pool.reconfigure(parsed({ models: { m: { context: 8192 } }, pools: {} }));
    pool.reconfigure(parsed(only(['a'], { concurrency: 4 })));
    expect(pool.replicas()).toMatchObject([{ id: 'p/a', inFlight: 3, unavailable: undefined }]);
    const asked = [1, 2, 3].map(() => ask(pool, of('t')));
    expect(asked.map(({ results }) => results.length)).toEqual([1, 0, 0]);
    for (const lease of held) lease.release(ANSWERED);
    for (const { lease } of asked) lease.release(ANSWERED);
    expect(pool.read('p.in_flight')).toBe(0);
    clock.advance(11_000);
    ask(pool, of('u'));
    expect([1, 2, 3].map(() => ask(pool, of('t')).results.length)).toEqual([1, 1, 1]);
  });

  test('and what it has on replicas that are on their way out is no place of the pool', () => {
    const { pool } = bench(only(['a'], { concurrency: 4 }));
    for (let i = 0; i < 4; i++) ask(pool, of('t'));
    pool.reconfigure(parsed(only(['b'], { concurrency: 4 })));
    ask(pool, of('u'));
    expect([1, 2, 3].map(() => ask(pool, of('t')).results.length)).toEqual([1, 1, 1]);
  });

  test('and who of its own waits for that is served', () => {
    const { pool, clock } = bench(only(['a', 'b'], { concurrency: 2, queue: { tenant_share: 0.5 } }));
    const going = ask(pool, { ...of('u'), exclude: ['p/b'] }).lease;
    ask(pool, { ...of('t'), exclude: ['p/a'] });
    pool.reconfigure(parsed(only(['b'], { concurrency: 2, queue: { tenant_share: 0.5, timeout: '1m' } })));
    clock.advance(11_000);
    const waiting = ask(pool, of('t'));
    expect(waiting.results).toEqual([]);
    going.release(ANSWERED);
    expect(waiting.results).toHaveLength(1);
  });
});

describe('time serves those who wait', () => {
  const circuit = { failures: 1, open_for: '1s' };

  test('when an open circuit may be tried', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 1, circuit }));
    ask(pool).lease.release(FAULT);
    ask(pool);
    const waiting = ask(pool);
    clock.advance(799);
    expect(waiting.results).toEqual([]);
    clock.advance(201);
    expect(waiting.lease.placement.replica).toBe('p/a');
    expect(clock.pending).toBe(0);
  });

  test('when the first byte of a trial closes its circuit', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 2, circuit }));
    ask(pool).lease.release(FAULT);
    const held = [1, 2].map(() => ask(pool).lease);
    expect(held.map(({ placement }) => placement.replica)).toEqual(['p/b', 'p/b']);
    const waiting = [1, 2].map(() => ask(pool));
    clock.advance(1000);
    expect(waiting.map(({ results }) => results.length)).toEqual([1, 0]);
    waiting[0]!.lease.firstByte();
    expect(waiting[1]!.lease.placement.replica).toBe('p/a');
  });

  test('when an ejection ends', () => {
    const ejection = { least_requests: 2, for: '2s' };
    const { pool, clock } = bench(plain(2, { concurrency: 1, ejection, circuit: { failures: 100 } }));
    for (let i = 0; i < 4 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(1000);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
    }
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    ask(pool);
    const waiting = ask(pool);
    clock.advance(2000);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('when a probe finds a replica alive, whose circuit is still to be tried', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 1, circuit, health: { failures: 1 } }));
    ask(pool).lease.release(FAULT);
    pool.probed('p/a', false, 0);
    ask(pool);
    const waiting = ask(pool);
    clock.advance(500);
    pool.probed('p/a', true, 1);
    expect(waiting.results).toEqual([]);
    clock.advance(500);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('when the time that a replica asked for has passed', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 1, circuit: { open_at_most: '3s', open_for: '1s' } }));
    ask(pool).lease.release({ status: 'failed', replicaFault: false, retryAfterMs: 2000 });
    expect(statusOf(pool, 'p/a')).toMatchObject({ unavailable: 'asked to wait', circuit: 'closed', failures: 0 });
    expect(ask(pool).lease.placement.replica).toBe('p/b');
    const waiting = ask(pool);
    clock.advance(1999);
    expect(waiting.results).toEqual([]);
    clock.advance(1);
    expect(waiting.lease.placement.replica).toBe('p/a');
    // A day is too long for anybody: as long as a circuit may be open.
    waiting.lease.release({ status: 'failed', replicaFault: false, retryAfterMs: 86_400_000 });
    expect(ask(pool, { exclude: ['p/b'] }).error).toMatchObject({ code: 'pool.no_replica', retryAfterMs: 3000 });
    clock.advance(3000);
    expect(statusOf(pool, 'p/a').unavailable).toBeUndefined();
  });

  test('when another tenant has asked for nothing for so long that its places need not be kept', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 4, queue: { timeout: '1m' } }));
    ask(pool, of('u')).lease.release(ANSWERED);
    clock.advance(5000);
    const asked = [1, 2, 3, 4].map(() => ask(pool, of('t')));
    expect(asked.map(({ results }) => results.length)).toEqual([1, 1, 1, 0]);
    clock.advance(5000);
    expect(asked[3]!.results).toEqual([]);
    clock.advance(1);
    expect(asked[3]!.results).toHaveLength(1);
  });

  test('when another gateway has closed the circuit that it told of', () => {
    const { pool } = bench(plain(2, { concurrency: 1 }));
    const load = { inFlight: 0, waiting: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };
    const tell = (open: boolean) =>
      pool.hear('other', { replicas: [{ replica: 'p/a', ...load, open }], prompts: [], forgotten: [] });
    tell(true);
    expect(ask(pool).lease.placement.replica).toBe('p/b');
    const waiting = ask(pool);
    tell(false);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('and nobody who has left is waited for', () => {
    const { pool, clock } = bench(plain(2, { concurrency: 1, circuit }));
    ask(pool).lease.release(FAULT);
    ask(pool);
    const waiting = ask(pool);
    expect(clock.pending).toBe(2);
    waiting.cancel();
    expect(clock.pending).toBe(0);
  });
});

describe('a place serves whoever may use it', () => {
  const two = (p: object, q: object) => ({
    models: { m: { context: 8192 } },
    pools: {
      p: { model: 'm', replicas: [{ url: 'http://10.0.0.1:1', id: 'a' }], concurrency: 1, ...p },
      q: { model: 'm', replicas: [{ url: 'http://10.0.0.2:1', id: 'a' }], concurrency: 1, ...q },
    },
  });

  test('though it stands in the queue of another pool, since this one had no room for it', () => {
    const { pool } = bench(two({}, { queue: { length: 0 } }));
    ask(pool);
    const { lease } = ask(pool);
    expect(lease.placement.pool).toBe('q');
    const waiting = ask(pool);
    lease.release(ANSWERED);
    expect(waiting.lease.placement.pool).toBe('q');
  });

  test('though this pool was out when it came', () => {
    const { pool } = bench(two({}, {}));
    ask(pool);
    pool.probed('q/a', false, 0);
    const waiting = ask(pool);
    pool.probed('q/a', true, 1);
    expect(waiting.lease.placement.pool).toBe('q');
  });
});

describe('with every other replica out', () => {
  /** Three replicas, of which the first is ejected and the others then fail. */
  const settings = { ejection: { least_requests: 2, for: '1m' }, circuit: { failures: 4 } };
  function onlyEjected(concurrency: number, holds: number) {
    const world = bench(plain(3, { concurrency, ...settings }));
    const { pool, clock } = world;
    const others = ['p/b', 'p/c'];
    const held = Array.from({ length: holds }, () => ask(pool, { ...of('t'), exclude: others }).lease);
    for (const replica of others) {
      const exclude = ['p/a', ...others].filter(id => id !== replica);
      for (let i = 0; i < 2; i++) ask(pool, { exclude }).lease.release(ANSWERED);
    }
    for (let i = 0; i < 3 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(1000);
      ask(pool, { exclude: others }).lease.release(FAULT);
    }
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    for (const replica of others) {
      const exclude = ['p/a', ...others].filter(id => id !== replica);
      for (let i = 0; i < 4; i++) ask(pool, { exclude }).lease.release(FAULT);
    }
    expect(pool.replicas().map(({ unavailable }) => unavailable)).toEqual(['ejected', 'circuit open', 'circuit open']);
    return { ...world, held };
  }

  test('an ejected one serves again, and a tenant that has its share of it waits', () => {
    const { pool, held } = onlyEjected(4, 3);
    ask(pool, of('u')).lease.release(ANSWERED);
    const waiting = ask(pool, of('t'));
    expect(waiting.results).toEqual([]);
    held[0]!.release(ANSWERED);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('a tenant that has its share of the ejected one waits, though nobody else had it put back', () => {
    const { pool, held } = onlyEjected(4, 3);
    const waiting = ask(pool, of('t'));
    expect(waiting.results).toEqual([]);
    held[0]!.release(ANSWERED);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });

  test('an ejected one that is at its limit is waited for', () => {
    const { pool, held } = onlyEjected(4, 3);
    pool.reconfigure(parsed(plain(3, { concurrency: 3, queue: { tenant_share: 1 }, ...settings })));
    const waiting = ask(pool, of('t'));
    expect(waiting.results).toEqual([]);
    held[0]!.release(ANSWERED);
    expect(waiting.lease.placement.replica).toBe('p/a');
  });
});

test('a place that was given back unused tells nothing of how long requests take', () => {
  const { pool, clock } = bench(only(['a'], { concurrency: 4 }));
  const held = (): unknown => pool.snapshot().pools[0]?.holdMs;
  const used = ask(pool).lease;
  used.sent();
  clock.advance(800);
  used.release(ANSWERED);
  const known = held();
  expect(known).toBeGreaterThan(0);
  for (let at = 0; at < 20; at++) ask(pool).lease.release({ status: 'cancelled', replicaFault: false });
  expect(held()).toBe(known);
});
