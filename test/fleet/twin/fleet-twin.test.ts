import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutEngines } from '#cli/local-engines.js';
import { parseConfig } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import type { SignalValue } from '#contract/signal.js';
import { FleetTwin, type FleetTwinResult } from '#fleet/twin/fleet-twin.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import { playFleet } from '#fleet/twin/pool-twin.js';
import type { TraceRequest } from '#workload/traces/trace.js';

function configOf(text: string) {
  const result = parseConfig(text, { file: 'test', env: {}, readFile: () => '' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return withoutEngines(result.config);
}

interface Played {
  readonly seed?: number;
  readonly asks?: string;
  readonly startedAt?: number;
}

const play = (requests: readonly TraceRequest[], text: string, { seed = 1, asks = 'auto', ...more }: Played = {}) =>
  playFleet(requests, { config: configOf(text), asks: () => asks, random: seededRandom(seed), ...more });

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);

function expectConserved(result: FleetTwinResult): void {
  expect(result.answered + result.said + result.failed + total(result.rejected)).toBe(result.arrived);
  expect(total(result.failures)).toBe(result.failed);
  const byDecision = [...result.decisions.values()].reduce((sum, { requests }) => sum + requests, 0);
  expect(byDecision).toBe(result.arrived);
}

const every = (gapMs: number, count: number, request: Partial<TraceRequest> = {}): readonly TraceRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ arrivalMs: i * gapMs, promptTokens: 400, outputTokens: 40, prefix: { hashes: [], blockTokens: 16 } },
    ...request,
  }));

const ENGINE = 'simulate: { model: llama-3.1-8b, gpu: l40s';
const MODELS = 'models: { small: {}, large: {} }';
const POOLS = `pool: { ${MODELS}, pools: {
  a: { model: small, concurrency: 8, queue: { length: 4, timeout: 2s }, ${ENGINE}, replicas: 2 } },
  b: { model: large, concurrency: 8, queue: { length: 4, timeout: 2s }, ${ENGINE}, replicas: 2 } } } }`;

describe('the router in the twin', () => {
  const policy = `router:
  signals: { legal: { keyword: { any: [tort] } }, long: { context: { above: 1000 } }, deep: { conversation: { turns: { above: 2 } } } }
  decisions:
    - { name: counsel, when: legal, models: [large] }
    - { name: reader, when: long or deep, models: [large, small] }
    - { name: no, when: legal and not legal, refuse: never, on_unknown: skip }
    - { name: rest, when: otherwise, models: [small] }
`;

  test('decides by signals as recorded, by the facts of the trace, and takes the others for unknown', () => {
    const legal: ReadonlyMap<string, SignalValue> = new Map([['legal', { state: 'true', score: 1 }]]);
    const requests = [
      ...every(1000, 1, { signals: legal }),
      ...every(1000, 1, { arrivalMs: 1000, promptTokens: 2000 }),
      ...[2000, 3000, 4000].map(arrivalMs => every(1, 1, { arrivalMs, session: 's' })[0]!),
    ];
    const result = play(requests, policy + POOLS);
    expect(result.completed.map(({ decision, model }) => [decision, model])).toEqual([
      ['counsel', 'large'],
      ['reader', 'large'],
      ['rest', 'small'],
      ['rest', 'small'],
      ['reader', 'large'],
    ]);
    expect(result.missingSignals).toEqual(['legal']);
    expect(result.decisions.get('rest')).toEqual({ requests: 2, answered: { small: 2 } });
    expect(
      play(requests, policy + POOLS, { asks: 'large' }).completed.every(({ decision }) => decision === 'direct'),
    ).toBe(true);
  });

  test('a decision for what is unknown is met as it says, and fixed answers need no engine', () => {
    const decisions = (unknown: string) => `router:
  signals: { risky: { keyword: { any: [bomb] } }, big: { context: { above: 300 } } }
  decisions: [{ name: refuse, when: risky, refuse: no, on_unknown: ${unknown} }, { name: say, when: big, respond: later }, { name: rest, when: otherwise, models: [small, large] }]
`;
    const refused = play(every(100, 3), decisions('refuse') + POOLS);
    expect(refused.rejected).toEqual(new Map([['route.signal_unknown', 3]]));
    const said = play(every(100, 3), decisions('skip') + POOLS);
    expect([said.said, said.answered]).toEqual([3, 0]);
    expectConserved(said);
  });

  test('the time of day counts where the trace says when it began', () => {
    const night = `router:
  signals: { night: { time: { zone: UTC, windows: [{ from: "22:00", to: "06:00" }] } } }
  decisions: [{ name: late, when: night, models: [small] }, { name: rest, when: otherwise, models: [large] }]
`;
    const at = (startedAt?: number) =>
      play(every(1, 1), night + POOLS, startedAt === undefined ? {} : { startedAt }).completed[0]!.decision;
    expect([at(Date.UTC(2024, 0, 1, 23)), at(Date.UTC(2024, 0, 1, 12)), at()]).toEqual(['late', 'rest', 'rest']);
  });

  test('a model whose pool is full gives way to the next by the strategy, and to none by single', () => {
    const by = (
      strategy: string,
    ) => `router: { decisions: [{ name: all, when: otherwise, models: [small, large], strategy: ${strategy} }] }
`;
    const crowd = every(1, 60, { outputTokens: 200 });
    const fallback = play(crowd, by('fallback') + POOLS);
    const single = play(crowd, by('single') + POOLS);
    expect(new Set(fallback.completed.map(({ model }) => model))).toEqual(new Set(['small', 'large']));
    expect(new Set(single.completed.map(({ model }) => model))).toEqual(new Set(['small']));
    expect(fallback.answered).toBeGreaterThan(single.answered);
    expectConserved(fallback);
    expectConserved(single);
  });
});

describe('failures in the twin', () => {
  const frail = (mtbf: string, mttr: string, more = '') => `
fleet: { pools: { a: { failures: { mtbf: ${mtbf}, mttr: ${mttr} } ${more} } } }
router: { decisions: [{ name: all, when: otherwise, models: [small, large] }] }
${POOLS}`;

  test('what was under way without a first token is tried elsewhere, what was being answered is cut; the next model takes over', () => {
    const result = play(every(150, 2000), frail('20s', '10s'));
    expectConserved(result);
    const a = result.pools.get('a')!;
    expect(a.failures).toBeGreaterThan(5);
    expect(a.availability).toBeGreaterThan(0.5);
    expect(a.availability).toBeLessThan(0.85);
    expect(result.retried).toBeGreaterThan(0);
    expect(result.failures.get('upstream.cut')).toBeGreaterThan(0);
    expect(result.decisions.get('all')!.answered.large).toBeGreaterThan(0);
    // Of its replicas none was down, which no rounding of sums may deny.
    expect(result.pools.get('b')).toMatchObject({ failures: 0, availability: 1 });
  });

  test('up times and down times are as long as said on average', () => {
    const result = play(every(2000, 4000, { outputTokens: 2 }), frail('100s', '25s'));
    const { availability, failures } = result.pools.get('a')!;
    expect(availability).toBeGreaterThan(0.75);
    expect(availability).toBeLessThan(0.85);
    // 2 replicas, 8,000 s, a failure in 125 s each.
    expect(failures).toBeGreaterThan(90);
    expect(failures).toBeLessThan(170);
  });

  test('what takes longer to its first token than the pool allows is given up', () => {
    const slow = POOLS.replaceAll('queue:', 'timeouts: { first_byte: 400ms }, queue:');
    const text = `router: { decisions: [{ name: all, when: otherwise, models: [small], strategy: single }] }\n${slow}`;
    const result = play(every(1, 16, { promptTokens: 20_000 }), text);
    expect(result.failures.get('upstream.timeout')).toBeGreaterThan(0);
    expect(result.completed.every(({ attempts, ttftMs }) => ttftMs <= 400 * attempts)).toBe(true);
    expectConserved(result);
  });
});

describe('autoscaling in the twin', () => {
  const scaled = (more = '') => `
fleet: { pools: { a: { autoscale: { target: 4, min: 1, max: 6, interval: 5s, start: 10s, cool_down: 30s } ${more} } } }
router: { decisions: [{ name: all, when: otherwise, models: [small] }] }
pool: { models: { small: {} }, pools: { a: { model: small, concurrency: 64, queue: { length: 1000, timeout: 10m }, ${ENGINE}, replicas: 1 } } } }`;
  const burst = [
    ...every(50, 1200, { outputTokens: 150 }),
    ...every(5000, 40, {}).map(one => ({ ...one, arrivalMs: one.arrivalMs + 60_000 })),
  ];

  test('replicas come after their start-up time, go after the cool-down, and cost while they are there', () => {
    const moments: FleetMoment[] = [];
    const config = configOf(scaled());
    const watch = { everyMs: 1000, see: (moment: FleetMoment) => moments.push(moment) };
    const result = playFleet(burst, { config, asks: () => 'auto', random: seededRandom(1), watch });
    expectConserved(result);
    expect(result.answered).toBe(burst.length);
    const counts = moments.map(({ pools }) => pools.a!.replicas);
    expect(Math.max(...counts)).toBeGreaterThan(2);
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
    expect(counts.slice(0, 14).every(count => count === 1)).toBe(true);
    expect(counts.at(-1)).toBe(1);
    const { usdPerHour, mostReplicas, replicas } = result.pools.get('a')!;
    expect([replicas, mostReplicas > 2]).toEqual([1, true]);
    const alone = play(burst, scaled().replace(/fleet:.*\n/, '')).pools.get('a')!.usdPerHour;
    expect(usdPerHour).toBeGreaterThan(alone);
    expect(usdPerHour).toBeLessThan(6 * alone);
    // Looking changes nothing.
    expect(play(burst, scaled()).completed).toEqual(result.completed);
  });

  test('with failures, scaling and any load: conserved, and the same again for the same seed', () => {
    const text = scaled(', failures: { mtbf: 30s, mttr: 10s }').replace(
      'length: 1000, timeout: 10m',
      'length: 5, timeout: 3s',
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            gap: fc.integer({ min: 0, max: 3000 }),
            prompt: fc.integer({ min: 1, max: 9000 }),
            output: fc.integer({ min: 0, max: 400 }),
          }),
          { minLength: 1, maxLength: 120 },
        ),
        fc.integer({ min: 0, max: 1000 }),
        fc.constantFrom('requests', 'kv', 'busy'),
        (list, seed, metric) => {
          let arrivalMs = 0;
          const requests = list.map(({ gap, prompt, output }) => {
            arrivalMs += gap;
            return { arrivalMs, promptTokens: prompt, outputTokens: output, prefix: { hashes: [], blockTokens: 16 } };
          });
          const by = text.replace('target: 4', `metric: ${metric}, target: ${metric === 'requests' ? 2 : 0.3}`);
          const result = play(requests, by, { seed });
          expectConserved(result);
          for (const { attempts, ttftMs, e2eMs } of result.completed) {
            expect(attempts).toBeGreaterThanOrEqual(1);
            expect(e2eMs).toBeGreaterThanOrEqual(ttftMs);
          }
          const { availability, utilisation, mostReplicas } = result.pools.get('a')!;
          expect(availability).toBeLessThanOrEqual(1);
          expect(utilisation).toBeLessThanOrEqual(1);
          expect(mostReplicas).toBeLessThanOrEqual(12);
          expect(play(requests, by, { seed })).toEqual(result);
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('what came in the warm-up is played and left out of times', () => {
  const text = `router: { decisions: [{ name: all, when: otherwise, models: [small] }] }\n${POOLS.replace('large: {}', '').replace(/b: .*\} \} \} \}/, '} }')}`;
  const config = configOf(text);
  const twin = new FleetTwin({ config, asks: () => 'auto', random: seededRandom(1), warmUpMs: 1000 });
  for (const request of every(100, 30)) twin.offer(request);
  const result = twin.finish();
  expect([result.answered, result.counted]).toEqual([30, 20]);
});
