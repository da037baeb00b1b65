import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import { intervalsOf, playSeed, playSeeds, requestsOfSeed, type SeedRuns } from '#fleet/simulate/seed-runs.js';
import { poolSchema } from '#pool/schema.js';

const random = seededRandom(2);
let arrivalMs = 0;
const requests = Array.from({ length: 300 }, () => {
  arrivalMs += random.exponential(0.01);
  const lengths = { promptTokens: 1 + random.below(3000), outputTokens: 1 + random.below(200) };
  return { ...lengths, arrivalMs, prefix: { hashes: [1, 2, 3], blockTokens: 16 } };
});
const parsed = poolSchema.parse({
  models: { m: {} },
  pools: { p: { model: 'm', simulate: { model: 'llama-3.1-8b', gpu: 'l40s', replicas: 2 } } },
});
const replicas = ['1', '2'].map(id => ({ url: 'http://127.0.0.1:9', id, weight: 1 }));
const pool = { ...parsed, pools: { p: { ...parsed.pools.p!, replicas } } };
const runs: SeedRuns = { config: { pool }, requests, model: 'm', arrivals: { rateScale: 1 }, seeds: [1, 2, 3, 4] };
const timeless = (reports: readonly SimulationReport[]) =>
  reports.map(report => ({ ...report, wall_s: 0, requests_per_s: 0 }));

describe('seeds', () => {
  test('threads give what one after the other gives, in the order of the seeds', async () => {
    const alone = [1, 2, 3].map(index => playSeed(runs, index));
    expect(timeless(await playSeeds(runs, 1, 2))).toEqual(timeless(alone));
  });

  test('the first plays the trace as it is, the others begin elsewhere or are drawn anew', () => {
    expect(requestsOfSeed(runs, 0).map(r => r.promptTokens)).toEqual(requests.map(r => r.promptTokens));
    expect(requestsOfSeed(runs, 1)[0]).not.toEqual(requestsOfSeed(runs, 0)[0]);
    const drawn = { ...runs, arrivals: { rate: 20 } };
    expect(requestsOfSeed(drawn, 0)).toEqual(requestsOfSeed(drawn, 0));
    expect(requestsOfSeed(drawn, 0).at(-1)!.arrivalMs).not.toBe(requestsOfSeed(drawn, 1).at(-1)!.arrivalMs);
  });

  test('an interval is around the mean, and narrower the more alike the runs are', () => {
    const reports = [0, 1, 2, 3].map(index => playSeed(runs, index));
    const { ttft_mean_ms: ttft, usd_per_hour: usd } = intervalsOf(reports);
    expect(ttft!.interval[0]).toBeLessThan(ttft!.mean);
    expect(ttft!.interval[1]).toBeGreaterThan(ttft!.mean);
    expect(usd!.interval[1] - usd!.interval[0]).toBeLessThan(1e-6);
  });

  test('what cannot be played is told by the thread', async () => {
    await expect(playSeeds({ ...runs, model: 'none' }, 0, 1)).rejects.toThrow(/none/);
  });
});

test('engines are played with the precision of their pool', () => {
  const played = (precision: object) => {
    const entry = { ...pool.pools.p, ...precision };
    return playSeed({ ...runs, config: { pool: { ...pool, pools: { p: entry } } } }, 0);
  };
  const [plain, kv, both] = [{}, { kv_cache: 'fp8' }, { weights: 'fp8', kv_cache: 'fp8' }].map(played);
  expect(both!.tpot_ms.mean).toBeLessThan(0.75 * plain!.tpot_ms.mean);
  expect(both!.ttft_ms.mean).toBeLessThan(plain!.ttft_ms.mean);
  expect(both!.joules).toBeLessThan(plain!.joules);
  const room = (report: SimulationReport) => report.pools.p!.cache!.device_tokens;
  expect(room(kv!) / room(plain!)).toBeCloseTo(2, 2);
});
