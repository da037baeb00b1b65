import { describe, expect, test } from 'vitest';
import type { FlowFacts } from '#contract/flow.js';
import { ANSWERED, ask, bench, FAULT, plain, request, statusOf } from './support.js';

const of = (tenant: string): { flow: FlowFacts } => ({
  flow: { tenant, priority: 'normal', dueAt: Number.POSITIVE_INFINITY, bytes: 0 },
});

describe('what would become of a request', () => {
  test('is where it would go, and nothing is different afterwards', () => {
    const { pool, placers } = bench(plain(3, { queue: { tenant_share: 0.5 } }));
    ask(pool);
    const before = pool.snapshot();
    const seen = pool.preview(request());
    expect(seen).toMatchObject({ pool: 'p', replica: 'p/b', considered: 3, queuedMs: 0 });
    expect(pool.snapshot()).toEqual(before);
    expect(placers[0]!.commits).toEqual([]);
    expect(ask(pool).lease.placement).toEqual(seen);
  });

  test('makes nobody wait: who is alone with a pool may still have all of it', () => {
    const { pool } = bench(plain(1, { concurrency: 4, queue: { tenant_share: 0.5 } }));
    const mine = [ask(pool, of('a')), ask(pool, of('a'))];
    pool.preview(request(of('b')));
    mine.push(ask(pool, of('a')), ask(pool, of('a')));
    expect(mine.map(({ results }) => results.length)).toEqual([1, 1, 1, 1]);
  });

  test('is unknown where it would have to wait or be refused, and nobody has to make room', () => {
    const { pool } = bench(plain(1, { concurrency: 1, queue: { length: 1 } }));
    ask(pool);
    const waiting = ask(pool);
    expect(pool.preview(request())).toBeUndefined();
    expect(pool.preview(request({ promptTokens: 100_000 }))).toBeUndefined();
    expect(pool.preview(request({ model: 'none' }))).toBeUndefined();
    expect(waiting.results).toEqual([]);
  });

  test('takes no trial of a circuit', () => {
    const { pool, clock } = bench(plain(1, { circuit: { failures: 1, open_for: '1s' } }));
    ask(pool).lease.release(FAULT);
    clock.advance(1000);
    expect(pool.preview(request())?.replica).toBe('p/a');
    expect(statusOf(pool, 'p/a')).toMatchObject({ circuit: 'half-open', requests: 1 });
    expect(ask(pool).lease.placement.replica).toBe('p/a');
    expect(pool.preview(request())).toBeUndefined();
  });

  test('takes no trial of a replica that probes call dead', () => {
    const { pool, clock } = bench(plain(1, { circuit: { open_for: '1s' } }));
    for (let i = 0; i < 3; i++) pool.probed('p/a', false, 1);
    expect(pool.preview(request())).toBeUndefined();
    clock.advance(1000);
    expect(pool.preview(request())?.replica).toBe('p/a');
    expect(ask(pool).lease.placement.replica).toBe('p/a');
  });

  test('lifts no ejection, though a request would', () => {
    const { pool, clock } = bench(plain(2, { circuit: { failures: 100 }, ejection: { least_requests: 2, for: '1m' } }));
    for (let i = 0; i < 4 && statusOf(pool, 'p/a').unavailable === undefined; i++) {
      clock.advance(1000);
      ask(pool, { exclude: ['p/a'] }).lease.release(ANSWERED);
      ask(pool, { exclude: ['p/b'] }).lease.release(FAULT);
    }
    pool.drain('p/b', true);
    expect(pool.preview(request())?.replica).toBe('p/a');
    expect(statusOf(pool, 'p/a').unavailable).toBe('ejected');
    expect(ask(pool).lease.placement.replica).toBe('p/a');
  });
});
