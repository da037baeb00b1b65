import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { benchPlacement, USUAL_POLICIES } from '#lab/placement/bench.js';
import { benchProfile, DEFAULT_ENGINE } from '#lab/placement/engines.js';
import { offeredUtilisation } from '#lab/placement/offered-load.js';
import { SharedCache } from '#lab/placement/shared-cache.js';
import { renderPlacementReport } from '#lab/placement/table.js';
import { readTrace } from '#workload/traces/read.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

/** Conversations of a few turns that all begin with the same block. */
function conversations(count: number, seed = 1): Trace {
  const random = seededRandom(seed);
  const requests: TraceRequest[] = [];
  let id = 1;
  for (let i = 0; i < count; i++) {
    let arrivalMs = random.next() * 60_000;
    const hashes = [0];
    for (let turns = 1 + random.below(4); turns > 0; turns--) {
      for (let blocks = 1 + random.below(6); blocks > 0; blocks--) hashes.push(id++);
      requests.push({
        arrivalMs,
        promptTokens: hashes.length * 512 + random.below(512),
        outputTokens: 1 + random.below(200),
        prefix: { hashes: [...hashes], blockTokens: 512 },
      });
      arrivalMs += 2000 + random.exponential(1 / 5000);
    }
  }
  requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  return { format: 'synthetic', requests, timed: true, estimated: 0, refused: 0, refusals: [], problems: [] };
}

const clock = { now: () => 0 };

describe('placement bench', () => {
  const trace = conversations(150);
  const report = benchPlacement(trace, { replicas: 4, blocks: 200, seed: 3, clock });

  test('reports every policy, with every request accounted for', () => {
    expect(Object.keys(report.policies)).toEqual(USUAL_POLICIES);
    for (const policy of Object.values(report.policies)) {
      expect(policy.completed + policy.rejected).toBe(trace.requests.length);
      expect(policy.load_max_over_mean).toBeGreaterThanOrEqual(1);
      expect(policy.prefix_hit_rate).toBeLessThanOrEqual(report.infinite_hit_rate);
      expect(policy.share_of_shared_cache).toBeCloseTo(policy.prefix_hit_rate / report.shared_cache_hit_rate, 9);
      expect(policy.tokens_per_joule).toBeGreaterThan(0);
    }
    expect(report).toMatchObject({ replicas: 4, blocks: 200, block_tokens: 512, seed: 3, load_chosen: true });
    expect(report.offered_utilisation).toBeCloseTo(0.85, 9);
  });

  test('shows what each policy is known for', () => {
    const { weir, max_prefix, least_load } = report.policies;
    expect(weir!.share_of_shared_cache).toBeGreaterThan(0.9);
    expect(weir!.prefix_hit_rate).toBeGreaterThan(1.3 * least_load!.prefix_hit_rate);
    expect(max_prefix!.load_max_over_mean).toBe(4);
    expect(weir!.load_max_over_mean).toBeLessThan(2);
  });

  test('is the same every time, and changes with the seed', () => {
    const run = (seed: number) => benchPlacement(trace, { replicas: 4, blocks: 200, seed, clock });
    expect(run(3)).toEqual(report);
    expect(run(4).policies).not.toEqual(report.policies);
  });

  test('runs the policies asked for at the load asked for; a cache without end is the infinite one', () => {
    const small = benchPlacement(trace, { replicas: 2, policies: ['weir'], load: 0.5, seed: 1, clock });
    expect(Object.keys(small.policies)).toEqual(['weir']);
    expect(small).toMatchObject({ load: 0.5, load_chosen: false, blocks: null });
    expect(small.shared_cache_hit_rate).toBe(small.infinite_hit_rate);
  });

  test('an unknown policy or engine is an error', () => {
    const bad = (extra: object) => () => benchPlacement(trace, { replicas: 2, seed: 1, clock, ...extra });
    expect(bad({ policies: ['toString'] })).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    expect(bad({ engine: { model: 'gpt-5', gpu: 'h100', tp: 1 } })).toThrow(
      expect.objectContaining({ code: 'config.unknown_reference' }),
    );
  });

  test('a trace of one moment, and one without blocks', () => {
    const moment = trace.requests.slice(0, 5).map(request => ({ ...request, arrivalMs: 0 }));
    const bare = moment.map(request => ({ ...request, prefix: { hashes: [], blockTokens: 512 } }));
    for (const requests of [moment, bare]) {
      const result = benchPlacement({ ...trace, requests }, { replicas: 2, blocks: 50, seed: 1, clock });
      expect(result).toMatchObject({ load: 1, offered_utilisation: null, requests_per_s: null });
      expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    }
  });

  test('the table has a line for each policy', () => {
    const lines = renderPlacementReport(report).split('\n');
    expect(lines[0]).toMatch(/^policy +hit rate +of shared/);
    for (const name of USUAL_POLICIES) expect(lines.filter(line => line.startsWith(`${name} `))).toHaveLength(1);
  });
});

test('the shared cache hits what a naive LRU hits, and never holds more than it may', () => {
  const chain = fc
    .array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 })
    .map(path => path.map((_, i) => path.slice(0, i + 1).reduce((sum, digit) => sum * 4 + digit, 0)));
  fc.assert(
    fc.property(fc.array(chain, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), (chains, capacity) => {
      const cache = new SharedCache(capacity);
      let list: number[] = [];
      let hits = 0;
      for (const hashes of chains) {
        const gap = hashes.findIndex(hash => !list.includes(hash));
        const found = gap < 0 ? hashes.length : gap;
        hits += found;
        expect(cache.request({ hashes, blockTokens: 16 })).toBe(found);
        list = [...list.filter(hash => !hashes.includes(hash)), ...[...hashes].reverse()].slice(-capacity);
        expect(cache.size).toBe(list.length);
      }
      expect(cache.hits).toBe(hits);
    }),
  );
});

test('offered utilisation grows with the rate and shrinks with replicas and cache hits', () => {
  const { requests } = conversations(40);
  const profile = benchProfile(DEFAULT_ENGINE, requests, 100);
  const cold = requests.map(() => 0);
  const base = offeredUtilisation(requests, cold, profile, 2)!;
  const faster = requests.map(request => ({ ...request, arrivalMs: request.arrivalMs / 2 }));
  expect(offeredUtilisation(faster, cold, profile, 2)).toBeCloseTo(2 * base, 9);
  expect(offeredUtilisation(requests, cold, profile, 4)).toBeCloseTo(base / 2, 9);
  const warm = requests.map(({ prefix }) => prefix.hashes.length);
  expect(offeredUtilisation(requests, warm, profile, 2)).toBeLessThan(base);
  expect(offeredUtilisation(requests.slice(0, 1), cold, profile, 2)).toBeUndefined();
});

const shared = join(process.env.WEIR_SHARED ?? '../shared', 'data/traces/mooncake-conversation.jsonl');
test.skipIf(!existsSync(shared)).each([800, 2000])(
  'on the conversation trace with %i blocks a replica: the hits of a shared cache, even load, shorter waits',
  async blocks => {
    const trace = await readTrace(readFileSync(shared, 'utf8'));
    const policies = ['weir', 'max_prefix', 'least_load'];
    const report = benchPlacement(trace, { replicas: 8, blocks, policies, seed: 1, clock });
    const { weir, max_prefix, least_load } = report.policies;
    expect(weir!.share_of_shared_cache).toBeGreaterThanOrEqual(0.95);
    expect(weir!.load_max_over_mean).toBeLessThanOrEqual(1.3);
    expect(weir!.ttft_ms.p99).toBeLessThan(least_load!.ttft_ms.p99);
    expect(max_prefix!.load_max_over_mean).toBe(8);
  },
  60_000,
);
