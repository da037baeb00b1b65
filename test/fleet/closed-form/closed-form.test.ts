import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { availability, capacityProbability, machinesFor } from '#fleet/closed-form/availability.js';
import { sweepBoundaries } from '#fleet/closed-form/boundary-sweep.js';
import { erlangC, waitDecay, waitQuantile } from '#fleet/closed-form/erlang.js';
import { LengthMix, type RequestLengths } from '#fleet/closed-form/length-mix.js';
import { type Demand, forecastPool, replicaCapacity, steadyState } from '#fleet/closed-form/pool-model.js';
import { engineProfile } from '#pool/engine/profile.js';

const lengths = fc.array(
  fc.record({ promptTokens: fc.integer({ min: 1, max: 8000 }), outputTokens: fc.integer({ min: 1, max: 800 }) }),
  { minLength: 1, maxLength: 60 },
);
const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', maxBatchedTokens: 8192 });
const demandOf = (requests: readonly RequestLengths[]): Demand => {
  const mix = new LengthMix(requests);
  return { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size) };
};
const random = seededRandom(5);
const chats = Array.from({ length: 2000 }, () => ({
  promptTokens: 1 + Math.floor(random.exponential(1 / 900)),
  outputTokens: 1 + Math.floor(random.exponential(1 / 200)),
}));

describe("Erlang's C", () => {
  test('is what summing its series gives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (servers, load) => {
          const offered = servers * load;
          let term = 1;
          let sum = 1;
          for (let k = 1; k < servers; k++) {
            term *= offered / k;
            sum += term;
          }
          const last = ((term * offered) / servers / (1 - load)) as number;
          expect(erlangC(servers, offered)).toBeCloseTo(last / (sum + last), 12);
        },
      ),
    );
    expect(erlangC(1, 0.3)).toBeCloseTo(0.3, 15);
    expect([erlangC(5, 0), erlangC(5, 5), erlangC(5, 9)]).toEqual([0, 1, 1]);
  });

  test('waits: none when fewer than the share wait, longer for burstier arrivals', () => {
    expect(waitQuantile(0.005, 1, 0.01)).toBe(0);
    expect(waitQuantile(0.5, 2, 0.01)).toBeCloseTo(Math.log(50) / 2, 12);
    expect(waitDecay(4, 1, 3, 9, 1)).toBeCloseTo(waitDecay(4, 1, 3, 1, 1) / 5, 12);
  });
});

describe('availability', () => {
  test('the published values, and the binomial by counting', () => {
    expect(availability(0.0065, 4)).toBeCloseTo(0.9989178390077417, 12);
    expect(availability(0.0065, 48)).toBeCloseTo(0.987166831194472, 12);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.nat(11),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (count, needed, up) => {
          let expected = 0;
          for (let mask = 0; mask < 2 ** count; mask++) {
            const working = mask.toString(2).replaceAll('0', '').length;
            if (working >= needed) expected += up ** working * (1 - up) ** (count - working);
          }
          expect(capacityProbability(count, needed, up)).toBeCloseTo(expected, 10);
        },
      ),
    );
  });

  test('machines for a target are the fewest that reach it', () => {
    const count = machinesFor(100, 0.99, 0.999);
    expect(capacityProbability(count, 100, 0.99)).toBeGreaterThanOrEqual(0.999);
    expect(capacityProbability(count - 1, 100, 0.99)).toBeLessThan(0.999);
    expect(machinesFor(10, 1, 0.999)).toBe(10);
  });
});

describe('lengths', () => {
  test('moments of a slice are sums over its requests', () => {
    fc.assert(
      fc.property(lengths, fc.nat(9000), fc.nat(9000), (requests, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const mix = new LengthMix(requests);
        const inside = requests.filter(
          r => r.promptTokens + r.outputTokens > from && r.promptTokens + r.outputTokens <= to,
        );
        const moments = mix.moments(mix.upTo(from), mix.upTo(to));
        const sum = (value: (r: RequestLengths) => number) => inside.reduce((total, r) => total + value(r), 0);
        expect(moments.count).toBe(inside.length);
        expect(moments.output).toBeCloseTo(
          sum(r => r.outputTokens),
          6,
        );
        expect(moments.freshSquares).toBeCloseTo(
          sum(r => r.promptTokens ** 2),
          3,
        );
        expect(moments.held).toBeCloseTo(
          sum(r => r.outputTokens * (r.promptTokens + r.outputTokens / 2)),
          3,
        );
      }),
    );
  });
});

describe('a pool in closed form', () => {
  test('more load is never faster, and what is steady is within the engine’s limits', () => {
    fc.assert(
      fc.property(lengths, fc.double({ min: 0.05, max: 0.9, noNaN: true }), (requests, share) => {
        const demand = demandOf(requests);
        const capacity = replicaCapacity(profile, demand);
        expect(capacity).toBeGreaterThan(0);
        const state = steadyState(profile, demand, share * capacity)!;
        const busier = steadyState(profile, demand, Math.min(0.99, share * 1.1) * capacity)!;
        expect(busier.iterationMs).toBeGreaterThanOrEqual(state.iterationMs * (1 - 1e-6));
        expect(state.decoding).toBeLessThanOrEqual(profile.maxSequences);
        expect(state.rate / (share * capacity)).toBeCloseTo(1, 3);
        expect(steadyState(profile, demand, capacity * 1.02)).toBeUndefined();
      }),
      {
        numRuns: 200,
        examples: [[[{ promptTokens: 20, outputTokens: 67 }], 0.863860765713396]],
      },
    );
  });

  test('answers far longer than their prompts fill the batch, and every rate below capacity has a state', () => {
    const demand = demandOf([{ promptTokens: 20, outputTokens: 67 }]);
    const capacity = replicaCapacity(profile, demand);
    for (let percent = 1; percent <= 100; percent++) {
      const rate = (percent / 100) * capacity;
      expect(steadyState(profile, demand, rate)?.rate, `${percent} % of capacity`).toBeCloseTo(rate, 3);
    }
  });

  test('the P99 lies between its bounds, falls with replicas, and there is none above capacity', () => {
    const demand = demandOf(chats);
    const capacity = replicaCapacity(profile, demand);
    let before = Number.POSITIVE_INFINITY;
    for (const replicas of [5, 6, 8, 12]) {
      const forecast = forecastPool(profile, replicas, { ...demand, rate: 4 * capacity, arrivalCv2: 1 })!;
      expect(forecast.p99TtftMs).toBeGreaterThanOrEqual(forecast.p99TtftBoundsMs[0]);
      expect(forecast.p99TtftMs).toBeLessThanOrEqual(forecast.p99TtftBoundsMs[1]);
      expect(forecast.p99TtftMs).toBeLessThanOrEqual(before);
      expect(forecast.utilisation).toBeCloseTo(4 / replicas, 2);
      before = forecast.p99TtftMs;
    }
    expect(forecastPool(profile, 4, { ...demand, rate: 4.1 * capacity, arrivalCv2: 1 })).toBeUndefined();
    const bursty = forecastPool(profile, 5, { ...demand, rate: 4 * capacity, arrivalCv2: 9 })!;
    const calm = forecastPool(profile, 5, { ...demand, rate: 4 * capacity, arrivalCv2: 1 })!;
    expect(bursty.p99TtftMs).toBeGreaterThan(calm.p99TtftMs);
  });

  test('what a cache spares is capacity', () => {
    const cached = chats.map(r => ({ ...r, cachedTokens: Math.floor(r.promptTokens * 0.8) }));
    expect(replicaCapacity(profile, demandOf(cached))).toBeGreaterThan(replicaCapacity(profile, demandOf(chats)));
  });
});

describe('the grid of boundaries and compression', () => {
  const sweep = (boundaries: readonly number[], gammas: readonly number[], compressible: number) =>
    sweepBoundaries({
      ...{ mix: new LengthMix(chats), rate: 300, short: profile, long: profile, boundaries, gammas, compressible },
      usdPerHour: { short: 4, long: 4 },
    });

  test('without compressible requests γ changes nothing; a boundary above all is one pool', () => {
    const cells = sweep([500, 1000, 2000], [1, 1.5, 2], 0);
    for (const boundary of [500, 1000, 2000]) {
      expect(
        new Set(cells.filter(cell => cell.boundary === boundary && cell.gamma > 1).map(c => c.usdPerHour)).size,
      ).toBeLessThanOrEqual(2);
    }
    const [whole] = sweep([1e6], [1], 0);
    expect(whole!.longReplicas).toBe(0);
    const capacity = replicaCapacity(profile, demandOf(chats));
    expect(Math.abs(whole!.shortReplicas - 300 / capacity / 0.85)).toBeLessThan(1.5);
  });

  test('compressing more never costs more', () => {
    const at = (compressible: number) => sweep([1000], [1.5], compressible)[0]!.usdPerHour;
    expect(at(1)).toBeLessThanOrEqual(at(0));
  });
});
