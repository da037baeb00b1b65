import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { createTokenEstimator, MAX_MODELS } from '#workload/profile/token-estimator.js';

describe('TokenEstimator', () => {
  it('uses the configured ratio until a model was reported ten times', () => {
    const tokens = createTokenEstimator({ charsPerToken: 4 });
    for (let i = 0; i < 9; i++) tokens.observe('m', 3000, 1000);
    expect(tokens.estimate(1200, 'm')).toBe(300);
    tokens.observe('m', 3000, 1000);
    expect(tokens.estimate(1200, 'm')).toBe(400);
  });

  it('lets a model that is new take the ratio of all together', () => {
    const tokens = createTokenEstimator({ charsPerToken: 4 });
    for (let i = 0; i < 10; i++) tokens.observe('m', 3000, 1000);
    expect(tokens.estimate(1200, 'other')).toBe(400);
    expect(tokens.estimate(1200)).toBe(400);
  });

  it('comes within 2 % of the true ratio, whatever it is, and keeps models apart', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.5, max: 6, noNaN: true }),
        fc.double({ min: 1.5, max: 6, noNaN: true }),
        fc.nat(),
        (one, other, seed) => {
          const tokens = createTokenEstimator({ charsPerToken: 4 });
          const random = seededRandom(seed);
          for (let i = 0; i < 500; i++) {
            const chars = 2000 + random.below(20_000);
            tokens.observe('one', chars, chars / (one * (0.9 + 0.2 * random.next())));
            tokens.observe('other', chars, chars / (other * (0.9 + 0.2 * random.next())));
          }
          expect(tokens.estimate(1e6, 'one') / (1e6 / one)).toBeCloseTo(1, 1.6);
          expect(tokens.estimate(1e6, 'other') / (1e6 / other)).toBeCloseTo(1, 1.6);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('follows a ratio that drifts, with β = 0.995 once warm', () => {
    const tokens = createTokenEstimator({ charsPerToken: 4 });
    for (let i = 0; i < 1000; i++) tokens.observe('m', 4000, 1000);
    for (let i = 0; i < 138; i++) tokens.observe('m', 2000, 1000);
    // 2 + 2 · 0.995^138 ≈ 3.0
    expect(1e6 / tokens.estimate(1e6, 'm')).toBeCloseTo(2 + 2 * 0.995 ** 138, 2);
  });

  it('is cautious by as much as asked: with a margin of 2 few prompts are longer than said', () => {
    const random = seededRandom(1);
    const expected = createTokenEstimator({ charsPerToken: 4 });
    const cautious = createTokenEstimator({ charsPerToken: 4, margin: 2 });
    let longer = 0;
    let cautiousLonger = 0;
    for (let i = 0; i < 2000; i++) {
      const count = Math.round(4000 / (3 + random.next()));
      if (i >= 1000 && count > expected.estimate(4000, 'm')) longer++;
      if (i >= 1000 && count > cautious.estimate(4000, 'm')) cautiousLonger++;
      expected.observe('m', 4000, count);
      cautious.observe('m', 4000, count);
    }
    expect(longer).toBeGreaterThan(400);
    expect(cautiousLonger).toBeLessThan(20);
  });

  it('ignores reports that no text explains, and never gives anything but a count', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double())), fc.double(), (reports, chars) => {
        const tokens = createTokenEstimator({ charsPerToken: 4, margin: 3 });
        for (const [seen, count] of reports) for (let i = 0; i < 4; i++) tokens.observe('m', seen, count);
        const estimate = tokens.estimate(chars, 'm');
        if (chars >= 1 && chars < 1e15) expect(Number.isInteger(estimate) && estimate > 0).toBe(true);
        if (!(chars > 0)) expect(estimate).toBe(0);
      }),
    );
    const tokens = createTokenEstimator({ charsPerToken: 4 });
    for (let i = 0; i < 50; i++) {
      tokens.observe('m', 31, 31);
      tokens.observe('m', 1000, 0);
      tokens.observe('m', 1e6, 1);
      tokens.observe('m', Number.NaN, Number.NaN);
    }
    expect(tokens.estimate(4000, 'm')).toBe(1000);
  });

  it('knows at most 256 models and forgets the one least recently seen', () => {
    const tokens = createTokenEstimator({ charsPerToken: 4 });
    const report = (model: string, ratio: number): void => {
      for (let i = 0; i < 10; i++) tokens.observe(model, ratio * 1000, 1000);
    };
    report('first', 1);
    report('second', 1);
    for (let i = 0; i < MAX_MODELS - 2; i++) report(`m${i}`, 4);
    report('first', 1);
    report('one too many', 4);
    expect(tokens.estimate(1000, 'first')).toBe(1000);
    expect(tokens.estimate(1000, 'second')).toBeLessThan(400);
  });
});
