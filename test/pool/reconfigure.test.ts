import { describe, expect, test } from 'vitest';
import { ANSWERED, addresses, ask, bench, FAULT, parsed, plain, profile, statusOf } from './support.js';

describe('another configuration', () => {
  test('keeps what is known of replicas that stay', () => {
    const { pool, clock, placers } = bench(plain(2, { circuit: { failures: 1, open_for: '10s' } }));
    pool.probed('p/b', true, 1);
    const { lease } = ask(pool, { exclude: ['p/a'] });
    clock.advance(40);
    lease.firstByte();
    ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
    pool.reconfigure(parsed(plain(3, { circuit: { failures: 1, open_for: '10s' }, concurrency: 7 })));
    expect(statusOf(pool, 'p/a')).toMatchObject({ circuit: 'open', failures: 1, limit: 7 });
    expect(statusOf(pool, 'p/b')).toMatchObject({ health: 'healthy', inFlight: 1, limit: 7 });
    expect(statusOf(pool, 'p/c')).toMatchObject({ inFlight: 0, limit: 7 });
    expect(pool.quote('m', profile()).ttftMs).toBe(40);
    expect(placers).toHaveLength(1);
    expect(placers[0]!.forgotten).toEqual([]);
    lease.release(ANSWERED);
    expect(statusOf(pool, 'p/b').inFlight).toBe(0);
  });

  test('lets leases of replicas that go finish, and gives them nothing new', () => {
    const { pool, placers } = bench(plain(2));
    const going = ask(pool).lease;
    pool.reconfigure(parsed({ models: { m: {} }, pools: { p: { model: 'm', replicas: addresses(2).slice(1) } } }));
    expect(statusOf(pool, 'p/a')).toMatchObject({ unavailable: 'draining', inFlight: 1 });
    expect(ask(pool).lease.placement.replica).toBe('p/b');
    expect(placers[0]!.forgotten).toEqual(['p/a']);
    going.sent();
    expect(placers[0]!.commits).toEqual([]);
    going.firstByte();
    going.release(ANSWERED);
    expect(pool.replicas().map(({ id }) => id)).toEqual(['p/b']);
  });

  test('takes a replica at another address for another one, though its name be the same', () => {
    const { pool, placers } = bench(plain(1));
    const old = ask(pool).lease;
    pool.reconfigure(parsed({ models: { m: {} }, pools: { p: { model: 'm', replicas: addresses(1, '10.9.9.9') } } }));
    const fresh = ask(pool).lease;
    expect(fresh.target.url).toBe('http://10.9.9.9:8000');
    old.release(FAULT);
    expect(pool.replicas()).toMatchObject([{ id: 'p/a', inFlight: 1, failures: 0, requests: 1 }]);
    expect(placers[0]!.forgotten).toEqual(['p/a']);
  });

  test('leaves out what an operator has drained, though it serve under another name now', () => {
    const { pool } = bench(plain(2));
    pool.drain('p/a', true);
    const renamed = { models: { m: {} }, pools: { p: { model: 'm', served_as: 'org/m-2', replicas: addresses(2) } } };
    pool.reconfigure(parsed(renamed));
    expect(statusOf(pool, 'p/a')).toMatchObject({ drained: true, unavailable: 'drained' });
    expect(statusOf(pool, 'p/b').drained).toBe(false);
    expect(ask(pool).lease.placement.replica).toBe('p/b');
    // At another address it is another machine.
    pool.reconfigure(parsed({ models: { m: {} }, pools: { p: { model: 'm', replicas: addresses(2, '10.9.9.9') } } }));
    expect(statusOf(pool, 'p/a').drained).toBe(false);
  });

  test('forgets prefixes where the size of the cache changed, or another placer takes over', () => {
    const { pool, placers } = bench(plain(1, { cache_blocks: 100 }));
    pool.reconfigure(parsed(plain(1, { cache_blocks: 100 })));
    expect(placers[0]!.forgotten).toEqual([]);
    pool.reconfigure(parsed(plain(1, { cache_blocks: 200 })));
    expect(placers[0]!.forgotten).toEqual(['p/a']);
    pool.reconfigure(parsed(plain(1, { cache_blocks: 200, placement: 'round_robin' })));
    expect(placers[0]!.forgotten).toEqual(['p/a', 'p/a']);
    expect(placers).toHaveLength(2);
  });

  test('gives those who wait what it can, in their order, and lets the rest wait on under their old limit', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    ask(pool);
    const first = ask(pool);
    const second = ask(pool);
    const third = ask(pool);
    clock.advance(4000);
    pool.reconfigure(parsed(plain(1, { concurrency: 2, queue: { length: 0 } })));
    expect(first.lease.placement.queuedMs).toBe(4000);
    expect([second.results, third.results]).toEqual([[], []]);
    expect(ask(pool).error.code).toBe('pool.saturated');
    first.lease.release(ANSWERED);
    expect(second.results).toHaveLength(1);
    clock.advance(5999);
    expect(third.results).toEqual([]);
    clock.advance(1);
    expect(third.error.code).toBe('pool.saturated');
    expect(clock.pending).toBe(0);
  });

  test('tells those who wait for what is no more', () => {
    const { pool, clock } = bench(plain(1, { concurrency: 1 }));
    const held = ask(pool).lease;
    const waiting = ask(pool);
    const long = ask(pool, { promptTokens: 8000 });
    pool.reconfigure(parsed({ models: { m: { context: 4096 } }, pools: plain(1, { concurrency: 1 }).pools }));
    expect(waiting.results).toEqual([]);
    expect(long.error.code).toBe('request.context_too_long');
    pool.reconfigure(parsed({ models: {}, pools: {} }));
    expect(waiting.error.code).toBe('pool.no_replica');
    expect(clock.pending).toBe(0);
    held.release(ANSWERED);
    expect(pool.replicas()).toEqual([]);
  });

  test('that cannot work leaves the old one in force', () => {
    const { pool } = bench(plain(1, { concurrency: 3 }));
    const twice = { models: { m: {} }, pools: { p: { model: 'm', replicas: [...addresses(1), ...addresses(1)] } } };
    expect(() => pool.reconfigure(parsed(twice))).toThrowError(expect.objectContaining({ code: 'config.duplicate' }));
    expect(statusOf(pool, 'p/a').limit).toBe(3);
    expect(ask(pool).lease.placement.replica).toBe('p/a');
  });

  test('switching probes off makes their verdict void', () => {
    const { pool } = bench(plain(1, { circuit: { open_for: '1s' } }));
    pool.probed('p/a', false, 1);
    pool.reconfigure(parsed(plain(1, { health: false })));
    expect(statusOf(pool, 'p/a').health).toBe('unknown');
    pool.probed('p/a', false, 1);
    expect(statusOf(pool, 'p/a').health).toBe('unknown');
  });
});
