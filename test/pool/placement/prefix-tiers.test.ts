import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineForecast } from '#pool/engine/forecast.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import { engineProfile } from '#pool/engine/profile.js';
import { pricedTiers } from '#pool/placement/prefix-tiers.js';

const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' });
const memory = hostMemory(profile, { size: 100e9, link: 25, disk: { size: 1e12, link: 2 } });
const forecast = new EngineForecast(profile, memory);

test('a read is bytes over the bandwidth of each place, one after the other', () => {
  // 131,072 bytes a token.
  const { readMs } = pricedTiers({ host: 1000, disk: 500 }, 4000, 2000, { forecast, speed: 1 });
  expect(readMs).toBeCloseTo(1000 * (131_072_000 / 25e9 + 65_536_000 / 2e9), 9);
});

test('prices are of a replica with nothing else to do, and shrink with the speed of the simulation', () => {
  const tokens = fc.integer({ min: 0, max: 4000 });
  fc.assert(
    fc.property(tokens, tokens, tokens, fc.double({ min: 0.5, max: 100, noNaN: true }), (host, disk, own, speed) => {
      const [prompt, expected] = [20_000, host + disk + own];
      const real = pricedTiers({ host, disk }, prompt, expected, { forecast, speed: 1 });
      const idle = { inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };
      const without = forecast.ttftMs(idle, prompt, own) - forecast.ttftMs(idle, prompt, expected);
      expect(real.computeMs).toBeCloseTo(Math.max(0, without), 9);
      const scaled = pricedTiers({ host, disk }, prompt, expected, { forecast, speed });
      expect(scaled.readMs).toBeCloseTo(real.readMs! / speed, 9);
      expect(scaled.computeMs).toBeCloseTo(real.computeMs! / speed, 9);
    }),
  );
});

test('what is not described has no price', () => {
  expect(pricedTiers({ host: 10, disk: 0 }, 100, 50, { forecast: undefined, speed: 1 })).toEqual({ host: 10, disk: 0 });
  const bare = pricedTiers({ host: 10, disk: 0 }, 100, 50, { forecast: new EngineForecast(profile), speed: 1 });
  expect(bare.readMs).toBeUndefined();
  expect(bare.computeMs).toBeGreaterThanOrEqual(0);
  const shallow = new EngineForecast(profile, hostMemory(profile, { size: 1e9, link: 25 }));
  expect(pricedTiers({ host: 10, disk: 10 }, 100, 50, { forecast: shallow, speed: 1 }).readMs).toBeUndefined();
});
