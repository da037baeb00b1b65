import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { MAX_APPLICATIONS, MAX_CLASSES, OutputLengths } from '#workload/profile/output-lengths.js';

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

  it('tells answers to long prompts from those to short ones once it has seen sixteen of each', () => {
    const lengths = new OutputLengths();
    const of = (promptTokens: number) => ({ caller: '', promptTokens });
    for (let i = 0; i < 16; i++) {
      lengths.observe('', 'chat', 64, of(500));
      lengths.observe('', 'chat', 1024, of(4000));
    }
    expect(lengths.expected('', 'chat', of(500)).p75).toBe(64);
    expect(lengths.expected('', 'chat', of(4100)).p75).toBe(1024);
    expect(lengths.expected('', 'agent', of(500))).toEqual({ p50: 120, p75: 300 });
    expect(lengths.expected('', 'chat', of(100_000)).p50).toBe(64);
  });

  it('goes by who asks, then by the application, then by all', () => {
    const lengths = new OutputLengths();
    const by = (caller: string) => ({ caller, promptTokens: 1000 });
    for (let i = 0; i < 20; i++) {
      lengths.observe('app', 'chat', 32, by('brief'));
      lengths.observe('app', 'chat', 2048, by('chatty'));
    }
    expect(lengths.expected('app', 'chat', by('brief')).p75).toBe(32);
    expect(lengths.expected('app', 'chat', by('chatty')).p50).toBe(2048);
    expect(lengths.expected('app', 'chat', by('new'))).toEqual({ p50: 32, p75: 2048 });
    expect(lengths.expected('', 'chat', by('brief'))).toEqual({ p50: 32, p75: 2048 });
  });

  it('forgets the classes that it has not seen for longest', () => {
    const lengths = new OutputLengths();
    const by = (caller: string) => ({ caller, promptTokens: 1000 });
    for (let i = 0; i < 16; i++) lengths.observe('', 'chat', 16, by('first'));
    for (let i = 0; i < 16; i++) lengths.observe('', 'chat', 4096, by('other'));
    for (let i = 0; i < MAX_CLASSES; i++) lengths.observe('', 'chat', 4096, by(`c${i}`));
    expect(lengths.expected('', 'chat', by('first')).p75).toBe(4096);
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
