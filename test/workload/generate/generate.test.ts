import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { ARCHETYPES, findArchetype, likeTrace } from '#workload/generate/archetypes.js';
import { type ArrivalSpec, arrivalProcess } from '#workload/generate/arrivals.js';
import { gamma, geometric, normal } from '#workload/generate/draws.js';
import { type GenerateOptions, generateTrace } from '#workload/generate/generate.js';
import { drawLengths, LENGTH_CDFS, readCdf } from '#workload/generate/length-cdf.js';
import { arrivalShape } from '#workload/shape/arrivals.js';
import { sessionShape } from '#workload/shape/sessions.js';
import { describeArrivalProcess } from '../../contracts/arrival-process.js';

describeArrivalProcess('diurnal', { kind: 'diurnal', swing: 0.8, periodMs: 60_000 });
describeArrivalProcess('poisson', { kind: 'poisson' }, 1);
describeArrivalProcess('gamma of cv² 4', { kind: 'gamma', cv2: 4 }, 4);
describeArrivalProcess('gamma of cv² 0.25', { kind: 'gamma', cv2: 0.25 }, 0.25);
describeArrivalProcess('mmpp', { kind: 'mmpp', factor: 4, share: 0.1, meanMs: 500 });

test('a modulated process is as bursty as its bursts are strong', () => {
  const dispersion = (factor: number) => {
    const process = arrivalProcess({ kind: 'mmpp', factor, share: 0.2, meanMs: 20_000 }, 10, seededRandom(2));
    let ms = 0;
    const requests = Array.from({ length: 50_000 }, () => {
      ms += process.nextGap();
      return { arrivalMs: ms, promptTokens: 1, outputTokens: 1, prefix: { hashes: [], blockTokens: 16 } };
    });
    return arrivalShape(requests).dispersionPerMinute;
  };
  expect(dispersion(1)).toBeLessThan(2);
  expect(dispersion(4)).toBeGreaterThan(20);
  const wrong = { kind: 'mmpp', factor: 6, share: 0.2, meanMs: 1000 } as const;
  expect(() => arrivalProcess(wrong, 1, seededRandom(1))).toThrowError(/factor is 6/);
});

test('draws have the moments of their distributions', () => {
  const random = seededRandom(11);
  const mean = (draw: () => number, count = 100_000) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += draw();
    return sum / count;
  };
  expect(mean(() => normal(random))).toBeCloseTo(0, 1);
  expect(mean(() => normal(random) ** 2)).toBeCloseTo(1, 1);
  expect(mean(() => gamma(random, 0.3))).toBeCloseTo(0.3, 1);
  expect(mean(() => gamma(random, 5)) / 5).toBeCloseTo(1, 1);
  expect(mean(() => geometric(random, 10)) / 10).toBeCloseTo(1, 1);
  expect(mean(() => geometric(random, 1), 10)).toBe(1);
});

describe('length distributions', () => {
  test('exact means are those that were published', () => {
    // A uniform integer between two knots has the mean of both and a half.
    const means = LENGTH_CDFS.map(({ knots }) =>
      knots.reduce((sum, [tokens, share], i) => {
        const [from, below] = knots[i - 1] ?? [0, 0];
        return sum + (share - below) * ((from + 1 + tokens) / 2);
      }, 0),
    );
    // Published with the knot before included; agent's first knots have no mass, so its first interval differs by nothing seen here.
    expect(means[0]).toBeCloseTo(1627.24, 0);
    expect(means[1]).toBeCloseTo(682.04, 0);
    expect(means[2]! / 6511.98).toBeCloseTo(1, 3);
  });

  test('draws follow the knots', () => {
    for (const cdf of LENGTH_CDFS) {
      const random = seededRandom(4);
      const totals = Array.from({ length: 20_000 }, () => {
        const { promptTokens, outputTokens } = drawLengths(cdf, random);
        if (promptTokens < 1 || outputTokens < 1) throw new Error('a request without tokens');
        return promptTokens + outputTokens;
      });
      for (const [tokens, share] of cdf.knots) {
        expect(totals.filter(total => total <= tokens).length / totals.length).toBeCloseTo(share, 1);
      }
    }
  });

  test('knots that are none are errors that name them', () => {
    expect(
      readCdf(
        [
          [100, 0.5],
          [200, 1],
        ],
        'mine',
      ).knots,
    ).toHaveLength(2);
    for (const [wrong, path] of [
      [{}, ''],
      [[], ''],
      [[[100, 0.5]], '[0]'],
      [
        [
          [100, 0.5],
          [100, 1],
        ],
        '[1]',
      ],
      [
        [
          [100, 0.5],
          [200, 0.4],
        ],
        '[1]',
      ],
      [[['a', 1]], '[0]'],
    ] as const) {
      expect(() => readCdf(wrong, 'mine')).toThrowError(expect.objectContaining({ code: 'trace.unreadable', path }));
    }
  });
});

describe('generated traces', () => {
  const specs: readonly ArrivalSpec[] = [
    { kind: 'poisson' },
    { kind: 'gamma', cv2: 3 },
    { kind: 'mmpp', factor: 3, share: 0.2, meanMs: 5000 },
  ];
  const settings = fc.record({
    requests: fc.integer({ min: 1, max: 300 }),
    rate: fc.double({ min: 0.5, max: 50, noNaN: true }),
    arrivals: fc.constantFrom(...specs),
    shares: fc.tuple(...ARCHETYPES.map(() => fc.double({ min: 0.01, max: 3, noNaN: true }))),
    seed: fc.nat(1000),
  });
  const optionsOf = ({
    shares,
    seed,
    ...rest
  }: typeof settings extends fc.Arbitrary<infer T> ? T : never): GenerateOptions => ({
    ...rest,
    mix: ARCHETYPES.map((archetype, i) => ({ archetype, share: shares[i]! })),
    random: seededRandom(seed),
  });

  test('as many requests as asked for, in order, the same for the same seed; prompts of a session begin with the one before', () => {
    fc.assert(
      fc.property(settings, given => {
        const trace = generateTrace(optionsOf(given));
        expect(JSON.stringify(generateTrace(optionsOf(given)))).toBe(JSON.stringify(trace));
        expect(trace.requests).toHaveLength(given.requests);
        const last = new Map<string, readonly number[]>();
        let before = 0;
        for (const { arrivalMs, promptTokens, outputTokens, session, prefix } of trace.requests) {
          if (arrivalMs < before) throw new Error('out of order');
          before = arrivalMs;
          expect(Number.isInteger(promptTokens) && promptTokens >= 1 && Number.isInteger(outputTokens)).toBe(true);
          expect(prefix.hashes.length * prefix.blockTokens).toBeLessThanOrEqual(promptTokens);
          if (session === undefined) continue;
          const hashes = Array.from(prefix.hashes);
          const earlier = last.get(session) ?? [];
          if (hashes.length >= earlier.length) expect(hashes.slice(0, earlier.length).join()).toBe(earlier.join());
          last.set(session, hashes);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('the rate is the one asked for, sessions and all, from the first minute to the last', () => {
    const mix = [
      { archetype: findArchetype('azure'), share: 0.5 },
      { archetype: findArchetype('agent'), share: 0.5 },
    ];
    const { requests } = generateTrace({
      requests: 60_000,
      rate: 20,
      arrivals: { kind: 'poisson' },
      mix,
      random: seededRandom(3),
    });
    expect(arrivalShape(requests).rate / 20).toBeCloseTo(1, 1);
    const early = requests.filter(({ arrivalMs }) => arrivalMs < 300_000).length / 300;
    expect(early / 20).toBeGreaterThan(0.9);
    expect(requests.filter(({ session }) => session !== undefined).length / requests.length).toBeCloseTo(0.5, 1);
    expect(sessionShape(requests.filter(({ session }) => session !== undefined))!.turns.mean).toBeGreaterThan(5);
  });

  test('lengths like those of a trace are drawn prompt and answer together', () => {
    const like = likeTrace([
      { arrivalMs: 0, promptTokens: 10, outputTokens: 1, prefix: { hashes: [], blockTokens: 16 } },
      { arrivalMs: 1, promptTokens: 999, outputTokens: 77, prefix: { hashes: [], blockTokens: 16 } },
    ]);
    const { requests } = generateTrace({
      ...{ requests: 100, rate: 1, arrivals: { kind: 'poisson' }, random: seededRandom(1) },
      mix: [{ archetype: like, share: 1 }],
    });
    expect(new Set(requests.map(({ promptTokens, outputTokens }) => `${promptTokens},${outputTokens}`))).toEqual(
      new Set(['10,1', '999,77']),
    );
  });

  test('a mixture of nothing is an error', () => {
    const nothing = { requests: 1, rate: 1, arrivals: { kind: 'poisson' }, mix: [], random: seededRandom(1) } as const;
    expect(() => generateTrace(nothing)).toThrowError(/no shares above 0/);
  });
});

test('a diurnal rate peaks a quarter of a period after it begins, and is its mean over whole periods', () => {
  const process = arrivalProcess({ kind: 'diurnal', swing: 0.8, periodMs: 80_000 }, 20, seededRandom(3));
  const eighths = new Array<number>(8).fill(0);
  let at = 0;
  for (;;) {
    at += process.nextGap();
    if (at >= 50 * 80_000) break;
    eighths[Math.floor((at % 80_000) / 10_000)]! += 1;
  }
  const relative = eighths.map(count => count / (50 * 10 * 20));
  // Means of 1 + 0.8 sin over each eighth of the period.
  const expected = eighths.map((_, i) => {
    const [from, to] = [(i * Math.PI) / 4, ((i + 1) * Math.PI) / 4];
    return 1 + (0.8 * (Math.cos(from) - Math.cos(to))) / (to - from);
  });
  for (const [i, value] of relative.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(0.05);
  expect(() => arrivalProcess({ kind: 'diurnal', swing: 2, periodMs: 1 }, 1, seededRandom(1))).toThrowError(
    /swing is 2/,
  );
});
