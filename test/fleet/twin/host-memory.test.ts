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
  return { hits: pools.get('p')!.prefixHitRate, ttftMs: Math.max(...last) };
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
