import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { playPool } from '#fleet/twin/pool-twin.js';
import { playTrace } from '#fleet/twin/trace-driver.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import { type PoolConfig, poolSchema } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

interface Shape {
  readonly replicas: number;
  readonly concurrency: number;
  readonly queue: number;
  readonly timeout?: string;
  readonly blocks?: number;
  readonly placement?: string;
  readonly context?: string;
}

function configOf(pools: Record<string, Shape>): PoolConfig {
  return poolSchema.parse({
    models: { m: { context: '32k' } },
    pools: Object.fromEntries(
      Object.entries(pools).map(
        ([name, { replicas, concurrency, queue, timeout = '5s', blocks, placement, context }]) => [
          name,
          {
            ...{ model: 'm', concurrency, health: false, queue: { length: queue, timeout } },
            ...(placement === undefined ? {} : { placement }),
            ...(context === undefined ? {} : { context }),
            simulate: { model: 'llama-3.1-8b', gpu: 'l40s', replicas, ...(blocks === undefined ? {} : { blocks }) },
          },
        ],
      ),
    ),
  });
}

/** Addresses, which are only names here. */
function named(config: PoolConfig): PoolConfig {
  const pools = Object.entries(config.pools).map(([name, entry]) => {
    const replicas = Array.from({ length: entry.simulate!.replicas }, (_, i) => ({
      ...{ url: 'http://127.0.0.1:9', id: String(i + 1), weight: 1 },
    }));
    return [name, { ...entry, simulate: entry.simulate, replicas }];
  });
  return { ...config, pools: Object.fromEntries(pools) };
}

const play = (requests: readonly TraceRequest[], config: PoolConfig, seed = 1) =>
  playPool(requests, { config: named(config), modelOf: () => 'm', random: seededRandom(seed) });

const traces: fc.Arbitrary<readonly TraceRequest[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 400 }),
      family: fc.integer({ min: 0, max: 5 }),
      blocks: fc.integer({ min: 0, max: 40 }),
      tail: fc.integer({ min: 1, max: 15 }),
      outputTokens: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map(list => {
    let arrivalMs = 0;
    return list.map(({ gap, family, blocks, tail, outputTokens }) => {
      arrivalMs += gap;
      const hashes = Array.from({ length: blocks }, (_, i) => (i === 0 ? 0 : 1000 * family + i));
      return { arrivalMs, promptTokens: blocks * 16 + tail, outputTokens, prefix: { hashes, blockTokens: 16 } };
    });
  });

describe('the twin of the pool', () => {
  const shapes = fc.record({
    replicas: fc.integer({ min: 1, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    queue: fc.integer({ min: 0, max: 5 }),
    timeout: fc.constantFrom('50ms', '5s', '10m'),
    blocks: fc.integer({ min: 20, max: 200 }),
    placement: fc.constantFrom('prefix', 'least_load', 'power_of_two', 'round_robin'),
  });

  test('arrived = answered + rejected + failed; causes come before effects; limits hold; the same seed gives the same', () => {
    fc.assert(
      fc.property(traces, shapes, shapes, (trace, one, two) => {
        const config = configOf({ one, two });
        const result = play(trace, config);
        const rejected = [...result.rejected.values()].reduce((sum, count) => sum + count, 0);
        expect(result.completed.length + rejected + result.failed).toBe(trace.length);
        expect(new Set(result.completed.map(({ index }) => index)).size).toBe(result.completed.length);
        for (const { index, arrivalMs, ttftMs, e2eMs, cachedTokens } of result.completed) {
          expect(arrivalMs).toBe(trace[index]!.arrivalMs - trace[0]!.arrivalMs);
          expect(ttftMs).toBeGreaterThan(0);
          expect(e2eMs).toBeGreaterThanOrEqual(ttftMs);
          expect(cachedTokens).toBeLessThan(trace[index]!.promptTokens);
        }
        const answered = [...result.pools.values()].reduce((sum, { completed }) => sum + completed, 0);
        expect(answered).toBe(result.completed.length);
        for (const { utilisation } of result.pools.values()) {
          expect(utilisation).toBeGreaterThanOrEqual(0);
          expect(utilisation).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(play(trace, config)).toEqual(result);
      }),
      { numRuns: 60 },
    );
  });

  test('with no limits it is what the driver of engines and placer alone gives, to 1e-9', () => {
    fc.assert(
      fc.property(traces, trace => {
        const free = { replicas: 1, concurrency: 100_000, queue: 0, blocks: 2000, placement: 'least_load' };
        const pool = play(trace, configOf({ only: free }));
        const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', blocks: 2000, contextTokens: 32_768 });
        const alone = playTrace(trace, {
          placer: createPlacer('least_load', { random: seededRandom(1) }),
          engines: [createEngine(profile, { events: 'milestones' })],
          replica: { limit: 1e9, contextTokens: 32_768, cacheBlocks: 2000 },
        });
        expect(pool.completed.map(({ index }) => index)).toEqual(alone.completed.map(({ index }) => index));
        for (const [i, { ttftMs, e2eMs }] of pool.completed.entries()) {
          expect(Math.abs(ttftMs - alone.completed[i]!.ttftMs)).toBeLessThan(1e-9 * (1 + ttftMs));
          expect(Math.abs(e2eMs - alone.completed[i]!.e2eMs)).toBeLessThan(1e-9 * (1 + e2eMs));
        }
      }),
      { numRuns: 40 },
    );
  });

  const burst = (count: number, promptTokens: number) =>
    Array.from({ length: count }, (_, i) => ({
      ...{ arrivalMs: i, promptTokens, outputTokens: 20 },
      prefix: { hashes: [], blockTokens: 16 },
    }));

  test('who finds every place taken waits, and who finds the line full is rejected and counted', () => {
    const tight = play(burst(10, 100), configOf({ only: { replicas: 1, concurrency: 2, queue: 3 } }));
    expect(tight.completed).toHaveLength(5);
    expect(tight.rejected).toEqual(new Map([['pool.saturated', 5]]));
    const waited = tight.completed.find(({ index }) => index === 4)!;
    expect(waited.ttftMs).toBeGreaterThan(tight.completed.find(({ index }) => index === 0)!.e2eMs);
  });

  test('a request longer than one pool’s window goes to the pool that takes it', () => {
    const wide = { replicas: 1, concurrency: 64, queue: 0 };
    const config = configOf({ short: { ...wide, context: '1k' }, long: wide });
    const { completed, rejected } = play([...burst(2, 4000), ...burst(1, 60_000)], config);
    expect(completed.map(({ pool }) => pool)).toEqual(['long', 'long']);
    expect([...rejected.keys()]).toEqual(['request.context_too_long']);
  });
});
