import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { SharedCache } from '#lab/placement/shared-cache.js';
import { drawLengths, findCdf } from '#workload/generate/length-cdf.js';
import { arrivalShape, rateOverTime } from '#workload/shape/arrivals.js';
import { driftOf, ksDistance } from '#workload/shape/drift.js';
import { inspectTrace } from '#workload/shape/inspect.js';
import { lengthShape, rankCorrelation } from '#workload/shape/lengths.js';
import { prefixReuse } from '#workload/shape/prefix-reuse.js';
import { Recency } from '#workload/shape/recency.js';
import { inferSessions, sessionShape } from '#workload/shape/sessions.js';
import { readTrace } from '#workload/traces/read.js';
import { NO_PREFIX, type Trace, type TraceRequest } from '#workload/traces/trace.js';

const at = (arrivalMs: number, promptTokens = 100, outputTokens = 10): TraceRequest => ({
  ...{ arrivalMs, promptTokens, outputTokens },
  prefix: NO_PREFIX,
});
const chained = (hashes: readonly number[], arrivalMs = 0, tail = 3): TraceRequest => ({
  ...{ arrivalMs, promptTokens: 16 * hashes.length + tail, outputTokens: 5 },
  prefix: { hashes, blockTokens: 16 },
});
const traceOf = (requests: readonly TraceRequest[]): Trace => ({
  ...{ format: 'made', requests, timed: true, estimated: 0, refused: 0, refusals: [], problems: [] },
});

describe('arrivals', () => {
  test('even gaps have no variation, and pairs of them one that can be worked out by hand', () => {
    const even = arrivalShape(Array.from({ length: 601 }, (_, i) => at(1000 * i)));
    expect(even).toEqual({ durationMs: 600_000, rate: 1, interarrivalCv2: 0, dispersionPerMinute: 0, peakOverMean: 1 });
    // Gaps of 0 and 2 s in turn: mean 1, mean of squares 2, so cv² is 1.
    const pairs = arrivalShape(Array.from({ length: 401 }, (_, i) => at(2000 * Math.ceil(i / 2))));
    expect(pairs.interarrivalCv2).toBeCloseTo(1, 9);
    expect(arrivalShape([at(5)]).rate).toBe(0);
    // One wrong time: minutes in which nothing came count, and take no room.
    const wrong = arrivalShape([at(0), at(1), at(2), at(60_000 * 1e10)]);
    expect(wrong.peakOverMean).toBeCloseTo(1e10, -3);
    expect(wrong.dispersionPerMinute).toBeCloseTo(3, 6);
    expect(arrivalShape([]).durationMs).toBe(0);
  });

  test('a Poisson process has 1 for both measures of burstiness', () => {
    const random = seededRandom(3);
    let ms = 0;
    const requests = Array.from({ length: 60_000 }, () => {
      ms += random.exponential(0.01);
      return at(ms);
    });
    const shape = arrivalShape(requests);
    expect(shape.interarrivalCv2).toBeCloseTo(1, 1);
    expect(Math.abs(shape.dispersionPerMinute - 1)).toBeLessThan(0.5);
    expect(shape.rate).toBeCloseTo(10, 0);
  });

  test('by hour of the day only where dates are known and a day is whole', () => {
    const day = Array.from({ length: 49 }, (_, i) => at(3_600_000 * i));
    const night = rateOverTime([...day.slice(0, 4), ...day.slice(3)], Date.UTC(2024, 0, 1));
    expect(night.by).toBe('hour');
    expect(night.relative[3]).toBeCloseTo(night.relative[4]! * 1.5, 9);
    expect(rateOverTime(day, undefined).by).toBe('part');
  });
});

describe('lengths', () => {
  test('shares of the joint distribution add up, and so do those of each cell', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e4 })), { minLength: 1 }),
        sizes => {
          const { joint, totalCdf, total } = lengthShape(sizes.map(([prompt, output]) => at(0, prompt, output)));
          expect(joint.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
          for (const { prompt, output, share } of joint) {
            const inside = sizes.filter(
              ([p, o]) =>
                p <= prompt && (p > prompt / 2 || prompt === 1) && o <= output && (o > output / 2 || output === 1),
            );
            expect(share).toBeCloseTo(inside.length / sizes.length, 9);
          }
          for (const [limit, share] of totalCdf) {
            expect(share).toBeCloseTo(sizes.filter(([p, o]) => p + o <= limit).length / sizes.length, 9);
          }
          expect(total.mean).toBeCloseTo(sizes.reduce((sum, [p, o]) => sum + p + o, 0) / sizes.length, 3);
        },
      ),
    );
  });

  test('rank correlation: 1 for any rising, -1 for any falling, ties shared, 0 for a constant', () => {
    expect(rankCorrelation([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12);
    expect(rankCorrelation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
    expect(rankCorrelation([1, 1, 2, 2], [5, 6, 5, 6])).toBeCloseTo(0, 12);
    expect(rankCorrelation([1, 2, 3], [7, 7, 7])).toBe(0);
  });
});

describe('prefix reuse', () => {
  const chains = fc.array(
    fc.record({ family: fc.integer({ min: 0, max: 9 }), depth: fc.integer({ min: 0, max: 40 }) }),
    { minLength: 1, maxLength: 80 },
  );
  const random = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }), {
    minLength: 1,
    maxLength: 60,
  });

  test('at every size it is what an LRU cache of that size hits, block by block', () => {
    const listed = fc.oneof(
      chains.map(list =>
        list.map(({ family, depth }) => Array.from({ length: depth }, (_, i) => (i < 3 ? i : 1000 * family + i))),
      ),
      random.map(list => list.map(ids => [...new Set(ids)])),
    );
    fc.assert(
      fc.property(listed, list => {
        const requests = list.map(hashes => chained(hashes));
        const reuse = prefixReuse(requests);
        if (reuse === undefined) {
          expect(list.every(hashes => hashes.length === 0)).toBe(true);
          return;
        }
        for (const { blocks, hitRate } of [...reuse.bySize, { blocks: Infinity, hitRate: reuse.infinite }]) {
          const cache = new SharedCache(blocks);
          for (const { prefix } of requests) cache.request(prefix);
          expect(hitRate).toBeCloseTo(cache.hits / cache.lookups, 12);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('ranks are places in the order of last use', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 15 }), { maxLength: 60 }), touches => {
        const recency = new Recency(60);
        let order: number[] = [];
        for (const id of touches) {
          expect(recency.rank(id)).toBe(order.includes(id) ? order.indexOf(id) + 1 : Infinity);
          recency.touch(id);
          order = [id, ...order.filter(other => other !== id)];
        }
        expect(recency.size).toBe(order.length);
      }),
    );
  });

  test('more blocks than the bound are left out, and it says so', () => {
    expect(prefixReuse([chained([1, 2]), chained([1, 2]), chained([1, 2])], 5)).toMatchObject({
      requests: 2,
      blocks: 4,
      infinite: 0.5,
    });
  });
});

describe('sessions', () => {
  test('a prompt that goes on from the whole of another is of its session; a shared beginning is not', () => {
    const turns = [
      chained([0, 1]),
      chained([0, 2]),
      chained([0, 1, 3], 1000),
      chained([0, 1, 3, 4, 5], 3000),
      chained([0, 9]),
    ];
    expect(inferSessions(turns)).toEqual([0, 1, 0, 0, 4]);
    expect(sessionShape(turns)).toMatchObject({
      from: 'inferred',
      sessions: 3,
      laterTurns: 0.4,
      gapMs: { mean: 1500 },
    });
  });

  test('an ending that many share is a system prompt', () => {
    const many = Array.from({ length: 60 }, () => chained([0]));
    expect(new Set(inferSessions(many)).size).toBe(60);
  });

  test('names of the trace come first', () => {
    const named = [at(0), at(1), at(2)].map((request, i) => ({ ...request, session: i === 1 ? 'b' : 'a' }));
    expect(sessionShape(named)).toMatchObject({ from: 'named', sessions: 2, laterTurns: 1 / 3 });
    expect(sessionShape([at(0)])).toBeUndefined();
  });
});

describe('drift', () => {
  test('the distance is that of the two distribution functions', () => {
    expect(ksDistance(Float64Array.of(1, 2, 3, 4), Float64Array.of(3, 4, 5, 6))).toBeCloseTo(0.5, 12);
    expect(ksDistance(Float64Array.of(1, 2), Float64Array.of(1, 2))).toBe(0);
  });

  test('a workload that stays is within chance; one whose prompts double is not', () => {
    const random = seededRandom(1);
    const draw = (scale: number, i: number) => at(i * 1000, Math.ceil(scale * random.exponential(0.01)), 10);
    const stays = driftOf(Array.from({ length: 900 }, (_, i) => draw(1, i)))!;
    expect(stays.lengths).toBeLessThan(stays.lengthsCritical);
    const grows = driftOf(Array.from({ length: 900 }, (_, i) => draw(i < 450 ? 1 : 2, i)))!;
    expect(grows.lengths).toBeGreaterThan(grows.lengthsCritical);
    expect(grows.promptMedian).toBeGreaterThan(1.5);
    expect(grows.rate).toBeCloseTo(1, 9);
    expect(driftOf([at(0)])).toBeUndefined();
  });
});

describe('archetypes', () => {
  test.each([
    ['azure', 'concentrated-below'],
    ['lmsys', 'dispersed'],
    ['agent', 'concentrated-above'],
  ])('the published distribution %s is %s, as the architecture has it', (name, archetype) => {
    const random = seededRandom(7);
    const requests = Array.from({ length: 20_000 }, (_, i) => {
      const { promptTokens, outputTokens } = drawLengths(findCdf(name), random);
      return at(i * 100, promptTokens, outputTokens);
    });
    const found = inspectTrace(traceOf(requests)).archetype;
    expect(found.name).toBe(archetype);
    expect(found.evidence.join('\n')).toMatch(/at most 8192 tokens/);
  });

  const shared = join(process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data/traces');
  test.skipIf(!existsSync(shared)).each([
    ['azure-2023-conv.csv', 1.2, 16],
    ['mooncake-conversation.jsonl', 9.2, 2.9],
  ])('published burstiness of %s is found again', async (file, cv2, dispersion) => {
    const trace = await readTrace(createReadStream(join(shared, file), 'utf8') as AsyncIterable<string>);
    const { arrivals } = inspectTrace(trace);
    expect(arrivals!.interarrivalCv2).toBeCloseTo(cv2, 1);
    expect(arrivals!.dispersionPerMinute / dispersion).toBeCloseTo(1, 1);
  });
});
