import { describe, expect, test } from 'vitest';
import { poolSchema } from '#pool/schema.js';
import { hardwareOf } from '#pool/topology/hardware.js';

const REPLICAS = ['http://10.0.0.1:1'];
const MODEL = 'llama-3.1-8b';

function parsed(model: object, pools: Record<string, object>) {
  const named = Object.entries(pools).map(([name, pool]) => [name, { model: MODEL, ...pool }]);
  return poolSchema.safeParse({ models: { [MODEL]: model }, pools: Object.fromEntries(named) });
}

describe('weights and kv_cache in the file', () => {
  test('a model says them for all its pools, a pool for itself, and each is said once', () => {
    const { data } = parsed(
      { weights: 'fp8', kv_cache: 'fp8' },
      {
        plain: { replicas: REPLICAS },
        own: { replicas: REPLICAS, weights: 'int4' },
        far: { cloud: 'https://api.example.com' },
        file: { gguf: { file: 'model.gguf' } },
      },
    );
    expect(data!.pools.plain).toMatchObject({ weights: 'fp8', kv_cache: 'fp8' });
    expect(data!.pools.own).toMatchObject({ weights: 'int4', kv_cache: 'fp8' });
    for (const name of ['far', 'file']) expect(data!.pools[name]).not.toHaveProperty('weights');
    expect(data!.models[MODEL]).not.toHaveProperty('weights');
    expect(data!.models[MODEL]).not.toHaveProperty('kv_cache');
  });

  test('nothing is said where nothing was', () => {
    const { data } = parsed({}, { plain: { replicas: REPLICAS } });
    expect(data!.pools.plain).not.toHaveProperty('weights');
    expect(data!.pools.plain).not.toHaveProperty('kv_cache');
  });

  test('a pool whose engines are not its own cannot say them', () => {
    for (const source of [{ cloud: 'https://api.example.com' }, { gguf: { file: 'model.gguf' } }]) {
      const { error } = parsed({}, { p: { ...source, weights: 'fp8' } });
      expect(error!.issues).toMatchObject([{ path: ['pools', 'p', 'weights'] }]);
    }
    expect(parsed({ weights: 'fp7' }, { p: { replicas: REPLICAS } }).error!.issues[0]!.path).toEqual([
      ...['models', MODEL, 'weights'],
    ]);
  });

  test('what is predicted of the hardware follows: KV that fits, times and energy', () => {
    const forecastOf = (model: object) =>
      hardwareOf(parsed(model, { p: { replicas: REPLICAS, gpu: 'h100' } }).data!.pools.p!, {}, 8192).forecast!;
    const [plain, kv, both] = [{}, { kv_cache: 'fp8' }, { weights: 'fp8', kv_cache: 'fp8' }].map(forecastOf);
    expect(kv!.kvTokens / plain!.kvTokens).toBeCloseTo(2, 3);
    expect(both!.kvTokens).toBeGreaterThan(kv!.kvTokens);
    const load = { inFlight: 16, inFlightTokens: 64_000, pendingPrefillTokens: 0 };
    expect(kv!.iterationMs(16, 64_000)).toBeLessThan(plain!.iterationMs(16, 64_000));
    expect(both!.ttftMs(load, 4000, 0)).toBeLessThan(0.7 * plain!.ttftMs(load, 4000, 0));
    expect(both!.requestJoules(load, 4000, 200)).toBeLessThan(0.8 * plain!.requestJoules(load, 4000, 200));
  });
});
