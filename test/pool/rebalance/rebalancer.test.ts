import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import type { Lease } from '#pool/lease.js';
import type { LivePool } from '#pool/pool.js';
import type { RebalanceNews } from '#pool/rebalance/rebalancer.js';
import type { VirtualClock } from '../../support/virtual-clock.js';
import { ANSWERED, ask, bench, FAULT, parsed, statusOf } from '../support.js';

/** Engines that the catalogue knows, so that their speed is. */
const config = (more: Record<string, unknown> = {}, counts = [3, 3]) => ({
  models: { m: { context: 65_536 } },
  pools: {
    short: { model: 'm', context: 4096, gpu: 'h100', served_as: 'llama-3.1-8b', replicas: named('s', counts[0]!) },
    long: { model: 'm', gpu: 'h100', served_as: 'llama-3.1-8b', replicas: named('l', counts[1]!) },
  },
  rebalance: { day: { short: 'short', long: 'long', window: '2m', every: '10s', rest: '10s', ...more } },
});

const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    url: `http://10.0.0.${name === 's' ? 1 : 2}:${8000 + i}`,
    id: `${name}${i}`,
  }));

/** Requests of a length, so many a second for so many seconds, each answered at once. */
function serve(
  pool: LivePool,
  clock: VirtualClock,
  seconds: number,
  kinds: readonly (readonly [perSecond: number, promptTokens: number])[],
) {
  for (let at = 0; at < seconds; at++) {
    for (const [perSecond, promptTokens] of kinds) {
      for (let i = 0; i < perSecond; i++) {
        const { lease } = ask(pool, { promptTokens, outputTokens: 20 });
        lease.sent();
        lease.firstByte();
        lease.release({ ...ANSWERED, usage: { promptTokens, completionTokens: 20, cachedTokens: 0 } });
      }
    }
    clock.advance(1000);
  }
}

/** Mostly long prompts: the long pool is busy, the short one is not. */
const LONG_DAY = [
  [4, 500],
  [6, 12_000],
] as const;

const pairOf = (pool: LivePool) => pool.rebalancing.status().pairs[0]!;
const homes = (pool: LivePool, name: string) =>
  pool
    .replicas()
    .filter(one => one.pool === name)
    .map(({ id }) => id);

describe('pools that follow the lengths of requests', () => {
  test('move nothing unless told to', () => {
    const { rebalance, ...plain } = config();
    expect(rebalance).toBeDefined();
    const { pool, clock } = bench(plain);
    serve(pool, clock, 300, LONG_DAY);
    expect(pool.rebalancing.status()).toEqual({ pairs: [], changes: [], moves: [] });
    expect(homes(pool, 'short')).toHaveLength(3);
  });

  test('give the busy pool replicas, say why, and keep the minimum', () => {
    const news: RebalanceNews[] = [];
    const { pool, clock } = bench(config({ least: 1 }), { rebalanced: one => news.push(one) });
    serve(pool, clock, 600, LONG_DAY);
    const { changes, moves, pairs } = pool.rebalancing.status();
    expect(homes(pool, 'long').length).toBeGreaterThan(3);
    expect(homes(pool, 'short').length).toBeGreaterThanOrEqual(1);
    expect(moves.length).toBeGreaterThan(0);
    expect(moves.at(-1)).toMatchObject({ from: 'short', to: 'long', state: 'moved', pair: 'day' });
    const [first] = changes.slice(-1);
    expect(first!.why).toMatch(/at work for \d+ %.*promises a P99/);
    expect(first!.predicted!.afterMs).toBeLessThan(first!.predicted!.beforeMs);
    expect(pairs[0]!.replicas.short + pairs[0]!.replicas.long).toBe(6);
    expect(news.filter(one => one.kind === 'move' && one.move.state === 'moved')).toHaveLength(moves.length);
  });

  test('wait for requests that a moving replica has, give it none, and keep what is known of it', () => {
    const { pool, clock } = bench(config());
    const held = Array.from({ length: 3 }, () => ask(pool, { promptTokens: 300 }).lease);
    for (const one of held) one.sent();
    serve(pool, clock, 60, LONG_DAY);
    const [move] = pool.rebalancing.status().moves;
    expect(move).toMatchObject({ state: 'draining', from: 'short' });
    expect(statusOf(pool, move!.replica)).toMatchObject({ pool: 'short', unavailable: 'moving', inFlight: 1 });
    const before = statusOf(pool, move!.replica).requests;
    serve(pool, clock, 20, LONG_DAY);
    expect(statusOf(pool, move!.replica).requests).toBe(before);
    for (const one of held) {
      one.firstByte();
      one.release(ANSWERED);
    }
    const after = statusOf(pool, move!.replica);
    expect(after).toMatchObject({ pool: 'long', unavailable: undefined, inFlight: 0 });
    expect(after.requests).toBeGreaterThanOrEqual(before);
    expect(statusOf(pool, held[0]!.target.id).failures).toBe(0);
  });

  test('a replica that is not done in time stays and serves on, and the boundary with it', () => {
    const { pool, clock } = bench(config({ drain: '30s' }));
    const held = Array.from({ length: 3 }, () => ask(pool, { promptTokens: 300 }).lease);
    serve(pool, clock, 61, LONG_DAY);
    const { replica, id } = pool.rebalancing.status().moves[0]!;
    serve(pool, clock, 31, LONG_DAY);
    expect(pool.rebalancing.status().moves.find(move => move.id === id)).toMatchObject({ state: 'given_up' });
    expect(pool.rebalancing.status().changes.at(-1)).toMatchObject({ state: 'cancelled' });
    expect(statusOf(pool, replica)).toMatchObject({ pool: 'short' });
    expect(held).toHaveLength(3);
  });

  test('a paused pair decides nothing, and going back puts all where the file has it', () => {
    const { pool, clock } = bench(config());
    serve(pool, clock, 300, LONG_DAY);
    expect(homes(pool, 'short').length).toBeLessThan(3);
    expect(pool.rebalancing.revert('day')).toBe(true);
    expect(homes(pool, 'short').sort()).toEqual(['short/s0', 'short/s1', 'short/s2']);
    expect(pairOf(pool)).toMatchObject({ boundary: 4096, paused: true, replicas: { short: 3, long: 3 } });
    const made = pool.rebalancing.status().changes.length;
    serve(pool, clock, 200, LONG_DAY);
    expect(pool.rebalancing.status().changes).toHaveLength(made);
    expect(pool.rebalancing.pause('day', false)).toBe(true);
    serve(pool, clock, 200, LONG_DAY);
    expect(pool.rebalancing.status().changes.length).toBeGreaterThan(made);
    expect([pool.rebalancing.pause('night', true), pool.rebalancing.revert('night')]).toEqual([false, false]);
  });

  test('another configuration keeps what has moved, as far as it is still there', () => {
    const { pool, clock } = bench(config());
    serve(pool, clock, 300, LONG_DAY);
    const moved = homes(pool, 'long').filter(id => id.startsWith('short/'));
    expect(moved.length).toBeGreaterThan(0);
    const { rebalance, ...plain } = config();
    pool.reconfigure(parsed({ ...plain, rebalance, models: { m: { context: 65_536, quality: 0.5 } } }));
    expect(homes(pool, 'long')).toEqual(expect.arrayContaining(moved));
    pool.reconfigure(parsed(plain));
    expect(homes(pool, 'short')).toHaveLength(3);
    expect(pool.replicas().every(({ unavailable }) => unavailable === undefined)).toBe(true);
  });

  test('replicas that are out of order are not moved, and never the last that take requests', () => {
    const { pool, clock } = bench({ ...config({ least: 2 }) });
    pool.drain('short/s0', true);
    serve(pool, clock, 300, LONG_DAY);
    expect(homes(pool, 'short')).toHaveLength(3);
    expect(pairOf(pool).available.short).toBe(2);
  });

  test('whatever comes, replicas are conserved, minima kept, and every request ends once', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({
          kind: fc.constant('ask' as const),
          prompt: fc.integer({ min: 1, max: 30_000 }),
          count: fc.integer({ min: 1, max: 40 }),
        }),
        fc.record({
          kind: fc.constant('end' as const),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
          good: fc.boolean(),
        }),
        fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 30_000 }) }),
        fc.record({ kind: fc.constantFrom('pause' as const, 'go on' as const, 'revert' as const, 'reload' as const) }),
      ),
      { minLength: 20, maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 }), (list, step) => {
        const settings = { least_requests: 20, patience: 1, rest: '1s', every: '1s', drain: '20s', gain: 0.01, step };
        const { pool, clock } = bench(config(settings));
        const open: Lease[] = [];
        const asked: { readonly results: readonly unknown[] }[] = [];
        for (const one of list) {
          if (one.kind === 'ask') {
            for (let i = 0; i < one.count; i++) {
              const result = ask(pool, { promptTokens: one.prompt, outputTokens: 10 });
              asked.push(result);
              if (result.results.length > 0 && 'placement' in (result.results[0] as object)) open.push(result.lease);
            }
          } else if (one.kind === 'end') {
            for (const lease of open.splice(0, Math.ceil(one.share * open.length)))
              lease.release(one.good ? ANSWERED : FAULT);
          } else if (one.kind === 'wait') clock.advance(one.ms);
          else if (one.kind === 'reload') pool.reconfigure(parsed(config(settings)));
          else if (one.kind === 'revert') pool.rebalancing.revert('day');
          else pool.rebalancing.pause('day', one.kind === 'pause');
          const all = pool.replicas();
          expect(all.map(({ id }) => id).sort()).toEqual([
            'long/l0',
            'long/l1',
            'long/l2',
            'short/s0',
            'short/s1',
            'short/s2',
          ]);
          const { replicas } = pairOf(pool);
          expect(Math.min(replicas.short, replicas.long)).toBeGreaterThanOrEqual(1);
          expect(pool.rebalancing.status().moves.filter(({ state }) => state === 'draining').length).toBe(
            all.filter(({ unavailable }) => unavailable === 'moving').length,
          );
        }
        for (const lease of open) lease.release(ANSWERED);
        clock.advance(60_000);
        for (const { results } of asked) {
          expect(results.length).toBeLessThanOrEqual(1);
          for (const result of results) if ('placement' in (result as object)) (result as Lease).release(ANSWERED);
        }
        clock.advance(60_000);
        for (const { results } of asked) expect(results).toHaveLength(1);
      }),
      { numRuns: 25 },
    );
  });

  test('under a load that stays the same nothing moves to and fro', () => {
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed);
      const { pool, clock } = bench(config());
      for (let at = 0; at < 1200; at++) {
        const kinds = Array.from({ length: 10 }, () => [1, Math.round(Math.exp(5 + 5 * random.next()))] as const);
        serve(pool, clock, 1, kinds);
      }
      const ends = pool.rebalancing.status().moves.filter(({ state }) => state === 'moved');
      const turns = ends.filter((move, i) => i > 0 && move.to !== ends[i - 1]!.to);
      expect(turns.length, `seed ${seed}`).toBeLessThanOrEqual(1);
      const { changes } = pool.rebalancing.status();
      expect(changes.length, `seed ${seed}`).toBeLessThanOrEqual(8);
    }
  });
});
