import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prefillSchema } from '#pool/disaggregation/schema.js';
import { prefillWorth, type Side } from '#pool/disaggregation/worth.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import { engineProfile } from '#pool/engine/profile.js';

const forecast = new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' }));
const settings = prefillSchema.parse({ pool: 'fill' });

function side(more: Partial<Side> = {}): Side {
  return { forecast, inFlight: 0, waiting: 0, inFlightTokens: 0, pendingPrefillTokens: 0, cached: 0, ...more };
}

const busy = side({ inFlight: 32, inFlightTokens: 64_000 });

describe('whether a prompt is worth computing elsewhere', () => {
  test('on two idle replicas a transfer only costs', () => {
    const { worth, hereMs, thereMs, stallMs } = prefillWorth(8000, side(), side(), settings);
    expect(worth).toBe(false);
    expect(stallMs).toBe(0);
    expect(thereMs).toBeGreaterThan(hereMs!);
  });

  test('beside many answers that are being written it is, and not where those still wait themselves', () => {
    expect(prefillWorth(8000, busy, side(), settings)).toMatchObject({ worth: true, uncachedTokens: 8000 });
    expect(prefillWorth(8000, { ...busy, waiting: 32 }, side(), settings).stallMs).toBe(0);
  });

  test('the transfer takes its bytes over the link, of what is not cached where the answer is written', () => {
    // 32 layers, 8 KV heads of 128, K and V in 2 bytes: 131,072 bytes a token.
    const { transferMs } = prefillWorth(10_000, side({ cached: 2000 }), side(), { ...settings, link: 10, latency: 3 });
    expect(transferMs).toBeCloseTo(3 + ((8000 * 131_072) / 1e10) * 1000, 6);
  });

  test('a link too slow, a prompt too short or a prefill replica too busy: not worth it', () => {
    expect(prefillWorth(8000, busy, side(), { ...settings, link: 0.01 }).worth).toBe(false);
    expect(prefillWorth(8000, { ...busy, cached: 7800 }, side(), settings)).toMatchObject({
      worth: false,
      uncachedTokens: 200,
      reason: '200 uncached tokens are fewer than 256',
    });
    expect(prefillWorth(8000, busy, side({ pendingPrefillTokens: 1_000_000 }), settings).worth).toBe(false);
  });

  test('with no hardware described, the number of uncached tokens decides alone', () => {
    const blind = { forecast: undefined };
    expect(prefillWorth(256, side(blind), side(blind), settings).worth).toBe(true);
    expect(prefillWorth(255, side(blind), side(blind), settings).worth).toBe(false);
  });

  test('more cached at the prefill replica, or more answers here, never make it less worth', () => {
    const tokens = fc.integer({ min: 300, max: 60_000 });
    fc.assert(
      fc.property(
        tokens,
        fc.nat(64),
        fc.nat(64),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (prompt, few, more, share) => {
          const here = (inFlight: number) => side({ inFlight, inFlightTokens: inFlight * 1000 });
          const gain = (inFlight: number, cached: number) => {
            const { hereMs, thereMs, stallMs } = prefillWorth(prompt, here(inFlight), side({ cached }), settings);
            return hereMs! + stallMs! - thereMs!;
          };
          const cached = Math.floor(share * prompt);
          expect(gain(few + more, 0) - gain(few, 0)).toBeGreaterThanOrEqual(-1e-6);
          // A shorter rest may need one iteration less, never more.
          expect(gain(few, cached) - gain(few, 0)).toBeGreaterThanOrEqual(-1);
        },
      ),
      { numRuns: 200 },
    );
  });
});
