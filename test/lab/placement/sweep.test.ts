import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { BLOCK_TOKENS, inferConversations } from '#lab/placement/conversations.js';
import { DEFAULT_ENGINE } from '#lab/placement/engines.js';
import { BenchFleet } from '#lab/placement/fleet.js';
import { resample } from '#lab/placement/resample.js';
import { measureSaturation } from '#lab/placement/saturation.js';
import { sweepPlacement } from '#lab/placement/sweep.js';
import { renderSweep } from '#lab/placement/sweep-table.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';

const clock = { now: () => 0 };

function lengths(count: number, seed = 1): Trace {
  const random = seededRandom(seed);
  let arrivalMs = 0;
  const requests = Array.from({ length: count }, (_, i): TraceRequest => {
    arrivalMs += random.exponential(1 / 400);
    const promptTokens = BLOCK_TOKENS + random.below(4000);
    const hashes = Array.from({ length: Math.ceil(promptTokens / BLOCK_TOKENS) }, (_, at) => 1000 * i + at);
    return {
      arrivalMs,
      promptTokens,
      outputTokens: 1 + random.below(150),
      prefix: { hashes, blockTokens: BLOCK_TOKENS },
    };
  });
  return { format: 'azure', requests, timed: true, estimated: 0, refused: 0, refusals: [], problems: [] };
}

function bySession(requests: readonly TraceRequest[]): Map<string, TraceRequest[]> {
  const sessions = new Map<string, TraceRequest[]>();
  for (const request of requests) {
    sessions.set(request.session!, [...(sessions.get(request.session!) ?? []), request]);
  }
  return sessions;
}

const talking = inferConversations(lengths(400), seededRandom(2));
const settings = { replicas: 2, blocks: 400, engine: DEFAULT_ENGINE, seed: 1 };

describe('made-up conversations', () => {
  test('keep times and lengths; a turn begins with the full blocks of the turn before, and nothing else is shared', () => {
    const before = new Map<string, TraceRequest>();
    const seen = new Set<number>();
    let continued = 0;
    for (const [i, request] of talking.requests.entries()) {
      const { arrivalMs, promptTokens, outputTokens } = lengths(400).requests[i]!;
      expect(request).toMatchObject({ arrivalMs, promptTokens, outputTokens });
      const hashes = Array.from(request.prefix.hashes);
      expect(hashes.length).toBe(Math.ceil(promptTokens / BLOCK_TOKENS));
      const last = before.get(request.session!);
      const kept = last === undefined ? 0 : Math.floor(last.promptTokens / BLOCK_TOKENS);
      if (last !== undefined) {
        continued++;
        expect(promptTokens).toBeGreaterThan(last.promptTokens + last.outputTokens);
        expect(request.arrivalMs - last.arrivalMs).toBeLessThanOrEqual(600_000);
        expect(hashes.slice(0, kept)).toEqual(Array.from(last.prefix.hashes).slice(0, kept));
      }
      for (const hash of hashes.slice(kept)) {
        expect(seen.has(hash)).toBe(false);
        seen.add(hash);
      }
      before.set(request.session!, request);
    }
    expect(continued).toBeGreaterThan(100);
  });
});

describe('a bootstrap resample', () => {
  test('keeps conversations whole, shares nothing between copies but what is common, and is in order', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const drawn = resample(talking.requests, seededRandom(seed));
        const sessions = bySession(drawn);
        const original = bySession(talking.requests);
        const owner = new Map<number, string>();
        const strangers: number[] = [];
        for (const [name, turns] of sessions) {
          expect(turns.length).toBe(original.get(name.split('#')[0]!)!.length);
          for (const { prefix } of turns) {
            for (const hash of Array.from(prefix.hashes)) {
              if (!Number.isSafeInteger(hash) || (owner.get(hash) ?? name) !== name) strangers.push(hash);
              owner.set(hash, name);
            }
          }
        }
        expect(strangers).toEqual([]);
        const times = drawn.map(({ arrivalMs }) => arrivalMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: 10 },
    );
  });
});

test('saturation: a fleet twice as large keeps up with twice the load, and at half of it nobody is left waiting', () => {
  const { requests } = inferConversations(lengths(3000), seededRandom(2));
  const one = new BenchFleet(requests, { ...settings, blocks: undefined, replicas: 1 });
  const two = new BenchFleet(requests, { ...settings, blocks: undefined });
  const saturation = measureSaturation(one, 'weir')!;
  expect(measureSaturation(two, 'weir')! / saturation).toBeGreaterThan(1.6);
  expect(measureSaturation(two, 'weir')! / saturation).toBeLessThan(2.4);
  const { completed } = two.play('weir', 'prefix', saturation / 2).result;
  const last = two.spanMs(saturation / 2);
  expect(completed.filter(({ arrivalMs, e2eMs }) => arrivalMs + e2eMs > last).length).toBeLessThan(20);
  const moment = new BenchFleet(
    talking.requests.map(one => ({ ...one, arrivalMs: 0 })),
    settings,
  );
  expect(measureSaturation(moment, 'weir')).toBeUndefined();
});

describe('the sweep', () => {
  const report = sweepPlacement(talking, {
    ...settings,
    policies: ['weir', 'round_robin'],
    shares: [0.5, 0.9],
    resamples: 2,
    clock,
  });

  test('reports every policy at every share, each value within its range', () => {
    expect(report.shares.map(({ share }) => share)).toEqual([0.5, 0.9]);
    for (const { share, load, policies } of report.shares) {
      expect(load).toBeCloseTo(share * report.saturation.load, 9);
      expect(Object.keys(policies)).toEqual(['weir', 'round_robin']);
      for (const policy of Object.values(policies)) {
        for (const { value, low, high } of Object.values(policy)) {
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(high);
        }
      }
      expect(policies.weir!.ttft_p99_over_weir).toEqual({ value: 1, low: 1, high: 1 });
    }
  });

  test('who is best has the shortest P99; the reference is in it even when not asked for', () => {
    for (const { best, weir, policies } of report.shares) {
      const shortest = Math.min(...Object.values(policies).map(({ ttft_p99_ms: { value } }) => value));
      expect(policies[best]!.ttft_p99_ms.value).toBe(shortest);
      expect(weir === 'best').toBe(best === 'weir');
    }
    const alone = sweepPlacement(talking, { ...settings, policies: ['sglang'], shares: [0.5], resamples: 0, clock });
    expect(Object.keys(alone.shares[0]!.policies)).toEqual(['weir', 'sglang']);
  });

  test('is a table for people', () => {
    const text = renderSweep(report);
    expect(text).toMatch(/^50 % of saturation, .* requests\/s; /);
    expect(text.match(/^round_robin /gm)).toHaveLength(2);
    expect(text).toMatch(/2 resamples of conversations; seed 1/);
  });

  test('a trace of one moment has no saturation, and an unknown policy is told', () => {
    const moment = { ...talking, requests: talking.requests.map(one => ({ ...one, arrivalMs: 0 })) };
    const run = (trace: Trace, policies?: readonly string[]) => () =>
      sweepPlacement(trace, { ...settings, ...(policies && { policies }), shares: [0.5], resamples: 0, clock });
    expect(run(moment)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    expect(run(talking, ['best'])).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
  });
});
