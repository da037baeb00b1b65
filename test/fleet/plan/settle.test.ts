import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import { settle } from '#fleet/plan/settle.js';
import { poolVerifier, verifyPool } from '#fleet/plan/verify.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const random = seededRandom(21);
let arrivalMs = 0;
const requests: readonly TraceRequest[] = Array.from({ length: 150 }, () => {
  arrivalMs += random.exponential(0.01);
  return {
    ...{ arrivalMs, promptTokens: 3000 + random.below(5000), outputTokens: 50 + random.below(200) },
    prefix: { hashes: [], blockTokens: 16 },
  };
});
const patterns = arrivalPatterns(requests, 1, [1, 2, 3]);
const kind = {
  profile: engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', contextTokens: 131_072, maxBatchedTokens: 8192 }),
  usdPerHour: 4.02,
  price: findGpu('h100').prices[0]!,
};
const whole = { kind, above: 0, upTo: Number.POSITIVE_INFINITY, replicas: 3 };
const apart = { ...whole, replicas: 2, prefill: { kind, replicas: 2, link: 25 } };
const slo = { ttftP99Ms: 4000, tpotMs: 25 };

describe.each([
  ['a pool', whole],
  ['a pool whose prompts are computed elsewhere', apart],
])('%s', (_, pool) => {
  test('is found to do the same whether its patterns are played one after the other or at once', () => {
    const verifier = poolVerifier(pool, slo);
    const first = verifier(patterns.slice(0, 1));
    expect(first).toEqual(verifyPool(pool, patterns.slice(0, 1), slo));
    expect(verifier(patterns)).toEqual(verifyPool(pool, patterns, slo));
    expect(verifier(patterns.slice(0, 1))).toEqual(first);
  });

  test('plays each pattern but once for each number of replicas', () => {
    let attempts = 0;
    const { pool: settled, played } = settle(pool, patterns, slo, () => attempts++);
    expect(settled!.verdict).toEqual(verifyPool(settled!.pool, patterns, slo));
    expect(played % requests.length).toBe(0);
    // The one that all patterns decide has had its first before.
    expect(played).toBeLessThan(requests.length * (attempts + (patterns.length - 1)) + 1);
  });
});

test('fewer replicas for prompts are not looked for beyond the price of what held', () => {
  const told: string[] = [];
  const { pool } = settle(apart, patterns, slo, text => told.push(text));
  const most = 4 * kind.usdPerHour;
  expect(told.length).toBeGreaterThan(2);
  expect(pool!.pool.replicas + pool!.pool.prefill!.replicas).toBeLessThanOrEqual(4);
  for (const line of told) {
    const [, answers, prompts] = /^ {2}(\d+) replicas and (\d+) for prompts/.exec(line)!;
    expect((Number(answers) + Number(prompts)) * kind.usdPerHour).toBeLessThanOrEqual(most + 1e-9);
  }
});

test('where the first pattern alone misses by little, all of them decide whether one replica less holds', () => {
  const two = { ...whole, replicas: 2 };
  const slowness = (pattern: (typeof patterns)[number]) => verifyPool(two, [pattern], slo).p99TtftMs;
  const slowest = [...patterns].sort((a, b) => slowness(b) - slowness(a));
  const [first, all] = [verifyPool(two, slowest.slice(0, 1), slo), verifyPool(two, slowest, slo)];
  expect(all.p99TtftMs).toBeLessThan(first.p99TtftMs);
  const between = Math.max(all.p99TtftMs, first.p99TtftMs / 1.09);
  expect(between).toBeLessThan(first.p99TtftMs);
  const near = settle(whole, slowest, { ttftP99Ms: between, tpotMs: 1000 });
  expect(near.pool).toMatchObject({ pool: { replicas: 2 }, verdict: { ok: true } });
  const far = settle(whole, slowest, { ttftP99Ms: first.p99TtftMs / 1.11, tpotMs: 1000 });
  expect(far.pool?.pool.replicas).toBe(3);
});
