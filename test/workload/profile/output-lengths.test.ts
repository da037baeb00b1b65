import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { MAX_APPLICATIONS, OutputLengths } from '#workload/profile/output-lengths.js';

describe('OutputLengths', () => {
  it('has priors that differ by archetype', () => {
    const lengths = new OutputLengths();
    expect(lengths.expected('', 'chat')).toEqual({ p50: 200, p75: 400 });
    expect(lengths.expected('', 'agent')).toEqual({ p50: 120, p75: 300 });
  });

  it('learns the quantiles of an application to within its buckets', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.nat(), (scale, seed) => {
        const lengths = new OutputLengths();
        const random = seededRandom(seed);
        const seen: number[] = [];
        for (let i = 0; i < 400; i++) {
          const tokens = 1 + Math.floor(random.exponential(1 / scale));
          seen.push(tokens);
          lengths.observe('app', 'chat', tokens);
        }
        seen.sort((a, b) => a - b);
        const { p50, p75 } = lengths.expected('app', 'chat');
        for (const [got, truth] of [
          [p50, seen[199]!],
          [p75, seen[299]!],
        ] as const) {
          expect(got).toBeGreaterThanOrEqual(Math.floor(truth * 0.9) - 1);
          expect(got).toBeLessThanOrEqual(Math.ceil(truth * 1.1) + 1);
        }
        expect(p50).toBeLessThanOrEqual(p75);
      }),
      { numRuns: 50 },
    );
  });

  it('goes by the archetype until an application gave eight answers', () => {
    const lengths = new OutputLengths();
    for (let i = 0; i < 8; i++) lengths.observe('known', 'chat', 1024);
    for (let i = 0; i < 7; i++) lengths.observe('new', 'chat', 16);
    expect(lengths.expected('known', 'chat').p50).toBe(1024);
    expect(lengths.expected('new', 'chat').p50).toBe(1024);
    lengths.observe('new', 'chat', 16);
    expect(lengths.expected('new', 'chat').p50).toBe(16);
    expect(lengths.expected('new', 'agent').p50).toBe(16);
    expect(lengths.expected('never seen', 'agent')).toEqual({ p50: 120, p75: 300 });
  });

  it('forgets what is old', () => {
    const lengths = new OutputLengths();
    for (let i = 0; i < 500; i++) lengths.observe('app', 'chat', 2048);
    for (let i = 0; i < 1500; i++) lengths.observe('app', 'chat', 32);
    expect(lengths.expected('app', 'chat')).toEqual({ p50: 32, p75: 32 });
  });

  it('ignores what is no length and bounds what it knows', () => {
    const lengths = new OutputLengths();
    for (const wrong of [Number.NaN, -1, 0, Number.POSITIVE_INFINITY]) {
      for (let i = 0; i < 10; i++) lengths.observe('app', 'chat', wrong);
    }
    expect(lengths.expected('app', 'chat').p50).toBe(200);
    for (let i = 0; i < 8; i++) lengths.observe('oldest', 'agent', 4096);
    for (let i = 0; i < MAX_APPLICATIONS; i++) {
      for (let k = 0; k < 8; k++) lengths.observe(`app ${i}`, 'chat', 64);
    }
    expect(lengths.expected('oldest', 'chat').p50).toBe(64);
  });
});
