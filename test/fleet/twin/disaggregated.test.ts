import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutEngines } from '#cli/local-engines.js';
import { parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import { createEngine } from '#pool/engine/batching-engine.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const ENGINE = 'simulate: { model: llama-3.1-8b, gpu: h100';

/** Two replicas that answer and prompts computed on so many others; `more` is of the pool that answers. */
const configText = (prefill: string, more = '', fleet = '') => `${fleet}
router: { decisions: [{ name: all, when: otherwise, models: [m] }] }
pool: { models: { m: { context: 32768 } }, pools: {
  answers: { model: m, queue: { length: 1000, timeout: 10m }, ${prefill} ${more} ${ENGINE}, replicas: 2 } },
  prompts: { model: m, ${ENGINE}, replicas: 2 } } } }`;

function play(requests: readonly TraceRequest[], text: string, seed = 1) {
  const parsed = parseConfig(text, { file: 'test', env: {}, readFile: () => '' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return playFleet(requests, { config: withoutEngines(parsed.config), asks: () => 'm', random: seededRandom(seed) });
}

const request = (arrivalMs: number, promptTokens: number, outputTokens: number, hashes: readonly number[] = []) => ({
  ...{ arrivalMs, promptTokens, outputTokens, prefix: { hashes, blockTokens: 16 } },
});
const PREFILL = 'prefill: { pool: prompts, link: 25, latency: 5ms, least: 256 },';
const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', contextTokens: 32_768 });

describe('disaggregated pools in the twin', () => {
  // Answers under way, so that computing a long prompt beside them is worth avoiding.
  const crowd = Array.from({ length: 40 }, (_, i) => request(i, 200, 2000));

  test('a long prompt is computed elsewhere, its KV comes over the link, the answer begins where it came', () => {
    const result = play([...crowd, request(5000, 16_000, 50)], configText(PREFILL));
    const last = result.completed.find(({ index }) => index === crowd.length)!;
    expect(last.pool).toBe('answers');
    expect(result.pools.get('prompts')!.completed).toBe(1);
    const alone = createEngine(profile);
    alone.submit({ id: 1, promptTokens: 16_000, outputTokens: 1, prefix: { hashes: [], blockTokens: 16 } }, 0);
    let prefillMs = 0;
    for (let done = alone.step(0); done !== undefined; done = alone.step(prefillMs)) prefillMs = done.endsAt;
    const transferMs = 5 + (16_000 * profile.kvTransferBytesPerToken) / 25e6;
    // Then the rest of the iteration under way and one of its own, each of tens of sequences.
    expect(last.ttftMs).toBeGreaterThan(prefillMs + transferMs);
    expect(last.ttftMs).toBeLessThan(prefillMs + transferMs + 60);
    expect(result.answered).toBe(41);
  });

  test('short prompts stay where they are answered; answers are counted once; others’ answers are not held up', () => {
    const long = Array.from({ length: 20 }, (_, i) => request(3000 + 100 * i, 16_000, 20));
    const apart = play([...crowd, ...long], configText(PREFILL));
    const together = play([...crowd, ...long], configText(PREFILL.replace('256', '1M')));
    expect(apart.pools.get('prompts')!.completed).toBeGreaterThan(0);
    expect(apart.pools.get('prompts')!.completed).toBeLessThanOrEqual(20);
    expect(apart.pools.get('prompts')!.outputTokens).toBe(0);
    expect(together.pools.get('prompts')!.completed).toBe(0);
    expect([apart.answered, together.answered]).toEqual([60, 60]);
    const pace = ({ completed }: typeof apart) =>
      completed.reduce((sum, one) => sum + (one.index < crowd.length ? one.e2eMs : 0), 0);
    expect(pace(apart)).toBeLessThan(pace(together));
  });

  test('a slower link is a later first token; transfers to one replica wait for one another', () => {
    const ttft = (link: number) => {
      const { completed } = play([...crowd, request(5000, 16_000, 50)], configText(PREFILL.replace('25', `${link}`)));
      return completed.find(({ index }) => index === crowd.length)!.ttftMs;
    };
    expect(ttft(10)).toBeGreaterThan(ttft(100));
  });

  test('a prefill pool that is down costs time and no request', () => {
    const fleet = 'fleet: { pools: { prompts: { failures: { mtbf: 10s, mttr: 1h } } } }';
    const long = Array.from({ length: 60 }, (_, i) => request(3000 + 1000 * i, 8000, 40));
    const result = play([...crowd, ...long], configText(PREFILL, '', fleet));
    expect(result.pools.get('prompts')!.failures).toBe(2);
    expect(result.answered).toBe(100);
  });

  test('with failures and scaling of both, any load: conserved, and the same again for the same seed', () => {
    const scale = 'autoscale: { target: 3, min: 1, max: 6, interval: 2s, start: 1s, cool_down: 3s }';
    const fleet = `fleet: { pools: {
  answers: { failures: { mtbf: 40s, mttr: 5s }, ${scale} }, prompts: { failures: { mtbf: 30s, mttr: 5s }, ${scale} } } }`;
    const text = configText(PREFILL, '', fleet);
    let computed = 0;
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gap: fc.integer({ min: 0, max: 1500 }),
            prompt: fc.integer({ min: 1, max: 20_000 }),
            output: fc.integer({ min: 1, max: 400 }),
            shared: fc.integer({ min: 0, max: 3 }),
          }),
          { minLength: 1, maxLength: 80 },
        ),
        fc.integer({ min: 0, max: 1000 }),
        (list, seed) => {
          let arrivalMs = 0;
          const requests = list.map(({ gap, prompt, output, shared }) => {
            arrivalMs += gap;
            const hashes = Array.from({ length: Math.floor(prompt / 16) }, (_, i) => 1000 * shared + i);
            return request(arrivalMs, prompt, output, hashes);
          });
          const result = play(requests, text, seed);
          const rejected = [...result.rejected.values()].reduce((sum, count) => sum + count, 0);
          expect(result.answered + result.failed + rejected).toBe(result.arrived);
          expect(result.completed.every(({ pool }) => pool === 'answers')).toBe(true);
          for (const { ttftMs, e2eMs } of result.completed) expect(e2eMs).toBeGreaterThanOrEqual(ttftMs);
          computed += result.pools.get('prompts')!.completed;
          expect(play(requests, text, seed)).toEqual(result);
        },
      ),
      { numRuns: 30 },
    );
    expect(computed).toBeGreaterThan(0);
  });
});
