import { describe, expect, test } from 'vitest';
import { EngineForecast } from '#pool/engine/forecast.js';
import { engineProfile } from '#pool/engine/profile.js';
import { poolSchema } from '#pool/schema.js';
import { hardwareOf, wattsOf } from '#pool/topology/hardware.js';
import { ask, bench, plain } from '../support.js';

function entryOf(more: Record<string, unknown>) {
  const given = { model: 'llama-3.1-8b', replicas: ['http://10.0.0.1:1'], ...more };
  return poolSchema.parse({ models: { 'llama-3.1-8b': {} }, pools: { p: given } }).pools.p!;
}

describe('hardware', () => {
  test('a replica is TP × PP × EP GPUs; price and watts are of one GPU times those', () => {
    const hardware = hardwareOf(entryOf({ gpu: 'H100 SXM 80GB', tp: 4, pp: 2, ep: 2 }), {}, 8192);
    expect(hardware).toMatchObject({ gpus: 16, gpu: 'h100', usdPerHour: 16 * 4.02 });
    expect(wattsOf(hardware, 0)).toBeCloseTo(16 * 300, 9);
    // What the engine model has no pipelines for is not predicted.
    expect(hardware.forecast).toBeUndefined();
  });

  test('the file goes before the catalogue, the replica before its pool, simulated engines before both', () => {
    const own = entryOf({ gpu: 'h100', gpu_price: 2.5, power: { idle: 1, nominal: 2, midpoint: 0 } });
    expect(hardwareOf(own, {}, 8192)).toMatchObject({ usdPerHour: 2.5, power: { idle: 1, steepness: 1 } });
    expect(hardwareOf(own, {}, 8192).forecast!.watts(0)).toBe(1);
    expect(hardwareOf(own, { gpu: 'l40s', tp: 2 }, 8192)).toMatchObject({ gpu: 'l40s', gpus: 2 });
    const simulated = entryOf({
      replicas: undefined,
      simulate: { model: 'llama-3.1-8b', gpu: 'a100', tp: 2, speed: 8, blocks: 77 },
    });
    expect(hardwareOf(simulated, {}, 8192)).toMatchObject({ gpu: 'a100', gpus: 2, speed: 8 });
    expect(hardwareOf(simulated, {}, 8192).forecast!.kvTokens).toBe(77 * 16);
  });

  test('what the catalogue lacks is nothing to tell of', () => {
    expect(hardwareOf(entryOf({}), {}, 8192)).toMatchObject({ gpus: 0, power: undefined, usdPerHour: undefined });
    const unknown = hardwareOf(entryOf({ gpu: 'abacus' }), {}, 8192);
    expect(unknown).toMatchObject({ gpu: 'abacus', gpus: 1, power: undefined, forecast: undefined });
    expect(hardwareOf(entryOf({ model: 'llama-3.1-8b', gpu: 'a10g' }), {}, 8192).forecast).toBeDefined();
  });
});

describe('the forecast', () => {
  const forecast = new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' }));
  const idle = { inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };

  test('time to first token grows with the prompt, with what is ahead and with who decodes along; cached tokens are free', () => {
    const base = forecast.ttftMs(idle, 4000, 0);
    expect(forecast.ttftMs(idle, 8000, 0)).toBeGreaterThan(base);
    expect(forecast.ttftMs(idle, 4000, 3000)).toBeLessThan(base);
    expect(forecast.ttftMs({ ...idle, pendingPrefillTokens: 4000 }, 4000, 0)).toBeGreaterThan(1.7 * base);
    expect(forecast.ttftMs({ ...idle, inFlight: 64, inFlightTokens: 64_000 }, 4000, 0)).toBeGreaterThan(base);
    expect(forecast.ttftMs(idle, 1, 1)).toBeGreaterThan(0);
  });

  test('larger batches take longer an iteration and yield more tokens a joule; beyond the most sequences nothing changes', () => {
    expect(forecast.iterationMs(64, 64_000)).toBeGreaterThan(forecast.iterationMs(1, 1000));
    expect(forecast.tokensPerJoule(64, 64_000)).toBeGreaterThan(10 * forecast.tokensPerJoule(1, 1000));
    expect(forecast.tokensPerJoule(512, 512_000)).toBeCloseTo(forecast.tokensPerJoule(256, 256_000), 9);
  });
});

describe('a cloud API', () => {
  test('is one place without hardware and without probes', () => {
    const { pool } = bench({ models: { m: {} }, pools: { p: { model: 'm', cloud: 'https://api.example.com/v1' } } });
    const { lease } = ask(pool);
    expect(lease.target).toMatchObject({ id: 'p/cloud', url: 'https://api.example.com', servedModel: 'm' });
    expect(lease.joules).toBeUndefined();
    expect(pool.probes()).toEqual([]);
    expect(pool.snapshot().pools[0]).toMatchObject({ gpus: 0, usdPerHour: 0 });
  });

  test('stands alone, and says nothing of GPUs', () => {
    const bad = (more: object) => () => bench(plain(1, { cloud: 'https://api.example.com', ...more }));
    expect(bad({})).toThrow(/exactly one of replicas, cloud/);
    expect(bad({ replicas: undefined, gpu: 'h100' })).toThrow(/hardware of its own/);
  });
});
