import { expect, test } from 'vitest';
import { parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import { findGpu } from '#pool/engine/hardware.js';

function play(replicas: string, fleet = '') {
  const text = `${fleet}
pool: { models: { llama-3.1-8b: {} }, pools: { p: { model: llama-3.1-8b, gpu: l40s, placement: least_load, replicas: [${replicas}] } } }`;
  const parsed = parseConfig(text, { file: 'test', env: {}, readFile: () => '' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const requests = Array.from({ length: 200 }, (_, i) => ({
    ...{ arrivalMs: 50 * i, promptTokens: 2000, outputTokens: 100, prefix: { hashes: [], blockTokens: 16 } },
  }));
  return playFleet(requests, {
    ...{ config: simulatedConfig(parsed.config), asks: () => 'llama-3.1-8b', random: seededRandom(1) },
  });
}

const slow = '{ url: "http://127.0.0.1:9001" }';
const fast = '{ url: "http://127.0.0.1:9002", gpu: h100, tp: 2 }';

test('replicas of one pool are of the GPUs that the file gives them: their pace, their price', () => {
  const mixed = play(`${slow}, ${fast}`);
  const pace = (id: string) => {
    const own = mixed.completed.filter(({ replica }) => replica === id);
    expect(own.length).toBeGreaterThan(0);
    return own.reduce((sum, { tpotMs }) => sum + tpotMs!, 0) / own.length;
  };
  expect(pace('p/2')).toBeLessThan(pace('p/1'));
  const usd = findGpu('l40s').usdPerHour + 2 * findGpu('h100').usdPerHour;
  expect(mixed.pools.get('p')!.usdPerHour).toBeCloseTo(usd, 9);
  const [alike, better] = [
    play(`${slow}, ${slow.replace('9001', '9003')}`),
    play(`${fast}, ${fast.replace('9002', '9004')}`),
  ];
  expect(mixed.ttft.mean).toBeLessThan(alike.ttft.mean);
  expect(mixed.ttft.mean).toBeGreaterThan(better.ttft.mean);
});

test('replicas that are added are of the pool’s own kind, and each is paid for at its price', () => {
  const scaled =
    'fleet: { pools: { p: { autoscale: { target: 1, min: 2, max: 4, interval: 1s, start: 1s, cool_down: 1s } } } }';
  const { mostReplicas, usd, usdPerHour } = play(`${slow}, ${fast}`, scaled).pools.get('p')!;
  expect(mostReplicas).toBeGreaterThan(2);
  expect(usd).toBeGreaterThan(0);
  expect(usdPerHour).toBeLessThan(4 * findGpu('l40s').usdPerHour + 2 * findGpu('h100').usdPerHour);
});
