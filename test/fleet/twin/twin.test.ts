import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distributionOf, median } from '#contract/distribution.js';
import { seededRandom } from '#contract/random.js';
import { EventHeap } from '#fleet/twin/event-heap.js';
import { LoadWindows } from '#fleet/twin/load-windows.js';
import { playTrace, type TwinOptions } from '#fleet/twin/trace-driver.js';
import { VirtualClock } from '#fleet/twin/virtual-clock.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import { createPlacer, PLACERS } from '#pool/placement/create-placer.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const requests: fc.Arbitrary<readonly TraceRequest[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 300 }),
      family: fc.integer({ min: 0, max: 5 }),
      blocks: fc.integer({ min: 0, max: 30 }),
      tail: fc.integer({ min: 1, max: 15 }),
      outputTokens: fc.integer({ min: 0, max: 40 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map(list => {
    let arrivalMs = 0;
    return list.map(({ gap, family, blocks, tail, outputTokens }) => {
      arrivalMs += gap;
      return {
        arrivalMs,
        promptTokens: blocks * 16 + tail,
        outputTokens,
        prefix: {
          hashes: Array.from({ length: blocks }, (_, i) => (i === 0 ? 0 : 1000 * family + i)),
          blockTokens: 16,
        },
      };
    });
  });

function options(policy: string, blocks: number, seed = 1): TwinOptions {
  const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s', blocks });
  return {
    placer: createPlacer(policy, { random: seededRandom(seed) }),
    engines: [0, 1, 2].map(() => createEngine(profile, { events: 'milestones' })),
    replica: { limit: 1000, contextTokens: 1e6, cacheBlocks: blocks },
  };
}

describe('the twin', () => {
  test('every request ends once, in order of causes, whatever the policy', () => {
    fc.assert(
      fc.property(requests, fc.constantFrom(...PLACERS), fc.integer({ min: 10, max: 120 }), (trace, policy, blocks) => {
        const { engines, ...rest } = options(policy, blocks);
        const result = playTrace(trace, { engines, ...rest });
        expect(result.completed.length + result.rejected).toBe(trace.length);
        expect(new Set(result.completed.map(({ index }) => index)).size).toBe(result.completed.length);
        expect(result.placed.reduce((a, b) => a + b, 0)).toBe(result.completed.length);
        for (const outcome of result.completed) {
          expect(outcome.ttftMs).toBeGreaterThan(0);
          expect(outcome.e2eMs).toBeGreaterThanOrEqual(outcome.ttftMs);
          expect(outcome.cachedTokens).toBeLessThan(outcome.promptTokens);
          expect(outcome.arrivalMs + outcome.e2eMs).toBeLessThanOrEqual(result.endMs);
        }
        for (const ratio of [...result.loadRatios, ...result.momentaryLoadRatios]) {
          expect(ratio).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(ratio).toBeLessThanOrEqual(3 + 1e-9);
        }
        const stats = engines.map(engine => engine.stats());
        expect(stats.reduce((sum, { finished }) => sum + finished, 0)).toBe(result.completed.length);
        expect(stats.every(({ running, waiting }) => running + waiting === 0)).toBe(true);
        const cached = result.completed.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0);
        expect(stats.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0)).toBe(cached);
      }),
      { numRuns: 60 },
    );
  });

  test('the same seed gives the same run', () => {
    fc.assert(
      fc.property(requests, fc.integer(), (trace, seed) => {
        expect(playTrace(trace, options('prefix', 60, seed))).toEqual(playTrace(trace, options('prefix', 60, seed)));
      }),
      { numRuns: 20 },
    );
  });

  test('a request longer than the cache is rejected and counted', () => {
    const one = { arrivalMs: 0, promptTokens: 400, outputTokens: 3, prefix: { hashes: [], blockTokens: 16 } };
    const result = playTrace([one, { ...one, promptTokens: 40 }], options('prefix', 10));
    expect([result.completed.length, result.rejected]).toEqual([1, 1]);
  });

  test('twice the rate halves the time between arrivals and nothing else', () => {
    const trace = [0, 1000, 5000].map(arrivalMs => ({
      arrivalMs,
      promptTokens: 40,
      outputTokens: 2,
      prefix: { hashes: [], blockTokens: 16 },
    }));
    const result = playTrace(trace, { ...options('round_robin', 100), rateScale: 2 });
    expect(result.completed.map(({ arrivalMs }) => arrivalMs)).toEqual([0, 500, 2500]);
  });
});

test('the heap gives events by time, and in order of coming where times are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), times => {
      const heap = new EventHeap<number>();
      for (const [i, at] of times.entries()) heap.push(at, i);
      const expected = times.map((at, i) => ({ at, i })).sort((a, b) => a.at - b.at || a.i - b.i);
      expect(times.map(() => heap.pop())).toEqual(expected.map(({ i }) => i));
      expect(heap.pop()).toBeUndefined();
      expect(heap.next).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});

test('the clock runs what is due in order, skips what was cancelled, and stops at the end asked for', () => {
  const clock = new VirtualClock(1000);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
  clock.after(20, note('late'));
  clock.after(5, () => {
    note('early')();
    clock.after(5, note('nested'));
    clock.at(0, note('past'));
  });
  clock.after(6, note('never'))();
  clock.run(10);
  expect(seen).toEqual(['early@5', 'past@5', 'nested@10']);
  expect([clock.now(), clock.wall()]).toEqual([10, 1010]);
  clock.run();
  expect(seen.at(-1)).toBe('late@20');
});

test('load is averaged over the time of each window', () => {
  const load = new LoadWindows(2, 100);
  load.add(0, 10, 0);
  load.add(1, 10, 50);
  load.sample();
  load.add(0, -10, 150);
  load.add(1, -10, 200);
  load.advance(500);
  // First window: 10 over all of it against 10 over half. Second: the other way round.
  expect(load.perWindow).toEqual([4 / 3, 4 / 3]);
  expect(load.momentary).toEqual([1]);
});

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(distributionOf(values)).toEqual({ mean: 50.5, p50: 50, p90: 90, p99: 99 });
  expect(distributionOf([])).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0 });
  expect(median([5, 1, 9])).toBe(5);
});
