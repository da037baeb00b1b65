import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import { planFleet } from '#fleet/plan/plan.js';
import { fleetName } from '#fleet/plan/reasons.js';
import { verifyPool } from '#fleet/plan/verify.js';
import { findGpu } from '#pool/engine/hardware.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const random = seededRandom(9);
let arrivalMs = 0;
const requests: readonly TraceRequest[] = Array.from({ length: 150 }, () => {
  arrivalMs += random.exponential(0.004);
  return {
    ...{ arrivalMs, promptTokens: 4000 + random.below(8000), outputTokens: 100 + random.below(300) },
    prefix: { hashes: [], blockTokens: 16 },
  };
});
// Long prompts beside answers that may hardly be held up: what prefill replicas are for.
const slo = { ttftP99Ms: 4000, tpotMs: 14 };
const options = { requests, model: 'llama-3.1-8b', gpus: ['h100'], slo, seed: 1, clock: { now: () => 0 } };
const kind = {
  profile: engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', contextTokens: 131_072, maxBatchedTokens: 8192 }),
  usdPerHour: 4.02,
  price: findGpu('h100').prices[0]!,
};
const patterns = arrivalPatterns(requests, 1, [1]);

describe('prompts on replicas of their own', () => {
  test('are only planned when they are asked for; then such a fleet has held in the twin like any other', () => {
    const plain = planFleet(options);
    const asked = planFleet({ ...options, disaggregate: { link: 50 } });
    const apart = ({ pareto, best, why }: typeof plain) => [
      ...[...pareto, best!].filter(({ pools }) => pools[0]!.prefill !== null),
      ...why.filter(line => line.startsWith('prompts on replicas')),
    ];
    expect(apart(plain)).toEqual([]);
    expect(apart(asked).length).toBeGreaterThan(0);
    expect(asked.best!.usd_per_hour).toBeLessThanOrEqual(plain.best!.usd_per_hour);
    for (const fleet of asked.pareto) {
      expect(fleet.verified.ok).toBe(true);
      const { prefill, usd_per_hour: usd } = fleet.pools[0]!;
      if (prefill === null) continue;
      expect(fleet.usd_per_hour).toBeGreaterThan(usd - 1e-9);
      expect(fleet.gpus).toBe(fleet.pools[0]!.gpus + prefill.gpus);
      expect(fleetName(fleet.pools)).toMatch(/prompts on \d+ × \d+ h100/);
    }
  });

  test('spare answers the waiting: each token comes sooner than from as many replicas that do both', () => {
    const pool = { kind, above: 0, upTo: Number.POSITIVE_INFINITY };
    const both = verifyPool({ ...pool, replicas: 4 }, patterns, slo);
    const apart = verifyPool({ ...pool, replicas: 2, prefill: { kind, replicas: 2, link: 50 } }, patterns, slo);
    expect(apart.meanTpotMs).toBeLessThan(both.meanTpotMs);
    expect(verifyPool({ ...pool, replicas: 2, prefill: { kind, replicas: 2, link: 50 } }, patterns, slo)).toEqual(
      apart,
    );
    const slow = verifyPool({ ...pool, replicas: 2, prefill: { kind, replicas: 2, link: 1 } }, patterns, slo);
    expect(slow.p99TtftMs).toBeGreaterThan(apart.p99TtftMs);
  });
});
