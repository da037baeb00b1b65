import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { switchPrices, switchReason } from '#router/selection/switch-price.js';
import { profile, quote } from '../support.js';

const price = { prompt: 1, completion: 2, cached: 0.1 };
const asked = profile({ promptTokens: 10_000 });

describe('the price of a switch', () => {
  const warm = { model: 'large', quote: quote('large', { price, prefixHitTokens: 8000 }) };

  test('is what the warm model would not have to compute, above the cached price and at the rate of the other', () => {
    const cold = { model: 'small', quote: quote('small', { price, prefixHitTokens: 2000, prefillMsPerToken: 0.05 }) };
    const [none, some] = switchPrices([warm, cold], asked);
    expect(none).toBeUndefined();
    expect(some).toMatchObject({ from: 'large', tokens: 6000 });
    expect(some!.usd).toBeCloseTo(0.0054, 12);
    expect(some!.ms).toBeCloseTo(300, 9);
    expect(switchReason(some)).toBe('; 6000 tokens warm on large are computed anew (+$0.0054, +300ms)');
    expect(switchReason(none)).toBe('');
  });

  test('names only what is known', () => {
    const flat = { model: 'small', quote: quote('small', { price: { ...price, cached: 1 } }) };
    expect(switchReason(switchPrices([warm, flat], asked)[1])).toBe('; 8000 tokens warm on large are computed anew');
  });

  test('is never negative, never more than the prompt, and nothing for the warmest', () => {
    const hits = fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(hits, fc.nat({ max: 10_000 }), (given, promptTokens) => {
        const contenders = given.map((prefixHitTokens, i) => ({
          model: `m${i}`,
          quote: quote(`m${i}`, { price, prefixHitTokens, prefillMsPerToken: 1 }),
        }));
        const held = given.map(hit => Math.min(hit, promptTokens));
        switchPrices(contenders, profile({ promptTokens })).forEach((switched, i) => {
          expect(switched?.tokens ?? 0).toBe(Math.max(...held) - held[i]!);
          expect(switched?.usd ?? 0).toBeGreaterThanOrEqual(0);
        });
      }),
    );
  });
});
