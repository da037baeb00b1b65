import { describe, expect, test, vi } from 'vitest';
import { withoutEngines } from '#cli/local-engines.js';
import { parseConfig } from '#config/load.js';
import { isWeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { SignalValue } from '#contract/signal.js';
import { FleetTwin } from '#fleet/twin/fleet-twin.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import type { Lease } from '#pool/lease.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { verdictSignal } from '#workload/traces/verdict-signal.js';

const ENGINE = 'simulate: { model: llama-3.1-8b, gpu: l40s';
const configOf = (strategy: string, accepted: string, places = 64, small = 2) => {
  const text = `router: { decisions: [{ name: all, when: otherwise, models: [small, large], strategy: ${strategy} }] }
fleet: { accepted: ${accepted} }
pool: { models: { small: {}, large: {} }, pools: {
  a: { model: small, concurrency: 64, ${ENGINE}, replicas: ${small} } },
  b: { model: large, concurrency: ${places}, queue: { timeout: 1h, length: 10000 }, ${ENGINE}, replicas: 1 } } } }`;
  const result = parseConfig(text, { file: 'test', env: {}, readFile: () => '' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config);
};
const every = (gapMs: number, count: number, more: Partial<TraceRequest> = {}): readonly TraceRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ arrivalMs: i * gapMs, promptTokens: 400, outputTokens: 40, prefix: { hashes: [], blockTokens: 16 } },
    ...more,
  }));
const play = (requests: readonly TraceRequest[], config: ReturnType<typeof configOf>, seed = 1) =>
  playFleet(requests, { config, asks: () => 'auto', random: seededRandom(seed) });

describe('a cascade in the twin', () => {
  test('sends answers whole, and doubted ones give way to the dearer model', () => {
    const result = play(every(100, 1000), configOf('cascade', '{ small: 0.7 }'));
    const { answered, judged } = result.decisions.get('all')!;
    expect(result.answered).toBe(1000);
    const { accepted = 0, escalated = 0 } = judged!.small!;
    expect(accepted + escalated).toBe(1000);
    expect(accepted).toBeGreaterThan(640);
    expect(accepted).toBeLessThan(760);
    expect(answered).toEqual({ small: accepted, large: escalated });
    for (const { model, hardness, attempts, tpotMs, ttftMs, e2eMs } of result.completed) {
      expect([model, attempts]).toEqual(hardness < 0.7 ? ['small', 1] : ['large', 2]);
      expect(tpotMs === undefined).toBe(model === 'small');
      expect(ttftMs === e2eMs).toBe(model === 'small');
    }
    expect(play(every(100, 1000), configOf('cascade', '{ small: 0.7 }')).completed).toEqual(result.completed);
  });

  test('compresses prompts for a model that is not in time with the whole, where as much can be left out', () => {
    const crowd = every(150, 400, { promptTokens: 12_000, outputTokens: 20 });
    const accepted = '{ small: 0.5 }';
    const [whole, shorter, never] = [
      play(crowd, configOf('{ cascade: { ttft: 10s } }', accepted, 4, 8)),
      play(crowd, configOf('{ cascade: { ttft: 10s, compress: 2 } }', `${accepted}, compressible: 0.8`, 4, 8)),
      play(crowd, configOf('{ cascade: { ttft: 10s, compress: 2 } }', accepted, 4, 8)),
    ] as const;
    const escalated = (result: typeof whole) => result.decisions.get('all')!.judged!.small!.escalated ?? 0;
    expect(escalated(shorter)).toBeGreaterThan(escalated(whole));
    // Nothing says that anything can be left out: nothing is.
    expect(never.completed).toEqual(whole.completed);
    expect(shorter.answered).toBe(400);
  });

  test('learning is told the energy of all attempts of a request, as they were charged', () => {
    const config = configOf('cascade', '{ small: 0.5 }');
    const twin = new FleetTwin({ config, asks: () => 'auto', random: seededRandom(1) });
    const leases: Lease[] = [];
    const { acquire } = twin.pool;
    vi.spyOn(twin.pool, 'acquire').mockImplementation((request, settle) =>
      acquire.call(twin.pool, request, result => {
        if (!isWeirError(result)) leases.push(result);
        settle(result);
      }),
    );
    const told: number[] = [];
    vi.spyOn(twin.router, 'observe').mockImplementation(({ joules }) => void told.push(joules!));
    for (const request of every(100, 100)) twin.offer(request);
    twin.finish();
    const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
    expect(told).toHaveLength(100);
    expect(leases.length).toBeGreaterThan(120);
    expect(sum(told)).toBeCloseTo(sum(leases.map(({ joules }) => joules!)), 6);
  });

  test('verdicts of the trace go before shares, and without either it stops', () => {
    const verdict = (state: SignalValue['state']) => ({
      signals: new Map([[verdictSignal('small'), { state, score: 1 }]]),
    });
    const models = (one: Partial<TraceRequest>, accepted: string) =>
      play(every(100, 20, one), configOf('cascade', accepted)).completed.map(({ model }) => model);
    expect(new Set(models(verdict('true'), '{ small: 0 }'))).toEqual(new Set(['small']));
    expect(new Set(models(verdict('false'), '{}'))).toEqual(new Set(['large']));
    expect(() => models({}, '{}')).toThrow('Nothing says how many answers of small a cascade accepts.');
  });

  test('escalates only in time, and always when told to', () => {
    const crowd = every(60, 800, { outputTokens: 100 });
    const aware = play(crowd, configOf('{ cascade: { ttft: 5s } }', '{ small: 0.2 }', 2));
    const always = play(crowd, configOf('{ cascade: { escalate: always } }', '{ small: 0.2 }', 2));
    expect(aware.answered).toBe(800);
    expect(always.answered).toBe(800);
    const kept = aware.decisions.get('all')!.judged!.small!.kept ?? 0;
    expect(kept).toBeGreaterThan(100);
    expect(aware.decisions.get('all')!.answered.large).toBeGreaterThan(20);
    expect(always.decisions.get('all')!.judged!.small).not.toHaveProperty('kept');
    // From the first answer on, nobody waits for longer than was promised, with the grace.
    expect(Math.max(...aware.completed.map(({ ttftMs }) => ttftMs))).toBeLessThanOrEqual(6000);
    expect(Math.max(...always.completed.map(({ ttftMs }) => ttftMs))).toBeGreaterThan(20_000);
  });
});
