import { expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { playPool } from '#fleet/twin/pool-twin.js';
import { poolSchema } from '#pool/schema.js';

/** Eight conversations in turn, which together are more than the GPUs hold. */
const trace = Array.from({ length: 64 }, (_, at) => ({
  arrivalMs: 20_000 * at,
  promptTokens: 20 * 16 + 1,
  outputTokens: 4,
  prefix: { hashes: Array.from({ length: 20 }, (_, i) => 1000 * (at % 8) + i + 1), blockTokens: 16 },
}));

function play(memory: object) {
  const config = poolSchema.parse({
    models: { m: { context: 4096 } },
    pools: { p: { model: 'm', simulate: { model: 'llama-3.1-8b', gpu: 'l40s', blocks: 40, ...memory } } },
  });
  const [name, entry] = Object.entries(config.pools)[0]!;
  const replicas = [{ url: 'http://127.0.0.1:9', id: '1', weight: 1 }];
  const named = { ...config, pools: { [name]: { ...entry, replicas } } };
  const { pools, completed } = playPool(trace, { config: named, modelOf: () => 'm', random: seededRandom(1) });
  expect(completed.length).toBe(trace.length);
  const last = completed.slice(-8).map(({ ttftMs }) => ttftMs);
  return { hits: pools.get('p')!.prefixHitRate, ttftMs: Math.max(...last), figures: pools.get('p')! };
}

test("what a pool's GPUs give up comes back from the host's memory, as fast as its link", () => {
  const without = play({});
  const quick = play({ host_memory: { size: '1GB' } });
  const slow = play({ host_memory: { size: '1GB', link: 0.1 } });
  expect(without.hits).toBe(0);
  expect(quick.hits).toBeGreaterThan(0.8);
  expect(slow.hits).toBe(quick.hits);
  expect(quick.ttftMs).toBeLessThan(without.ttftMs);
  expect(slow.ttftMs).toBeGreaterThan(quick.ttftMs);
});

test('memory that holds no conversation brings no hit', () => {
  expect(play({ host_memory: { size: '1kB' } }).hits).toBe(0);
});

test('figures tell from which tier hits came, what reading held up, and what a replica keeps', () => {
  const { figures: none } = play({});
  expect(none).toMatchObject({ hostHitRate: 0, diskHitRate: 0, stalled: 0 });
  expect(none.cache).toMatchObject({ from: 'simulate.blocks', deviceTokens: 640, hostTokens: 0, diskTokens: 0 });
  // Llama 3.1 8B takes 131,072 bytes a token: one conversation in the host's memory, all of them behind it.
  const { figures } = play({ host_memory: { size: '50MB', link: 0.1, disk: { size: '1GB', link: 0.1 } } });
  expect(figures.hostHitRate + figures.diskHitRate).toBeCloseTo(figures.prefixHitRate, 12);
  expect(figures.diskHitRate).toBeGreaterThan(0.8);
  expect(figures.stalled).toBeGreaterThan(0);
  expect(figures.stalled).toBeLessThan(1);
  expect(figures.cache).toMatchObject({ hostTokens: 16 * Math.floor(50e6 / (131_072 * 16)) });
  expect(figures.cache.diskTokens).toBe(16 * Math.floor(1e9 / (131_072 * 16)));
});
