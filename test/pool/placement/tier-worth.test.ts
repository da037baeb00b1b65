import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEngine } from '#pool/engine/batching-engine.js';
import { EngineForecast } from '#pool/engine/forecast.js';
import { hostMemory } from '#pool/engine/host-cache.js';
import { engineProfile } from '#pool/engine/profile.js';
import { dynamoCost } from '#pool/placement/rules/dynamo-cost.js';
import { prefixAffinity } from '#pool/placement/scorers/prefix-affinity.js';
import { creditedWorth, tierWorth } from '#pool/placement/tier-worth.js';
import { placementRequest, replicaView } from '../../contracts/placer.js';
import { matchOf, scoresOf } from '../../contracts/scorer.js';

const profile = engineProfile({ model: 'llama-3.1-8b', gpu: 'h100', maxBatchedTokens: 8192 });
const forecastOf = (link: number, diskLink: number) =>
  new EngineForecast(profile, hostMemory(profile, { size: 1e12, link, disk: { size: 1e13, link: diskLink } }));

const asked = fc
  .record({
    device: fc.integer({ min: 0, max: 8000 }),
    host: fc.integer({ min: 0, max: 8000 }),
    disk: fc.integer({ min: 0, max: 8000 }),
    rest: fc.integer({ min: 1, max: 8000 }),
  })
  .map(({ rest, ...held }) => ({ held, prompt: held.device + held.host + held.disk + rest }));
const speed = fc.double({ min: 0.05, max: 200, noNaN: true });

describe('what tokens behind the GPUs are worth', () => {
  test('never more than as many on the GPUs, never less than nothing, and no less over a faster link', () => {
    fc.assert(
      fc.property(
        asked,
        speed,
        speed,
        fc.double({ min: 1, max: 10, noNaN: true }),
        ({ held, prompt }, host, disk, more) => {
          const worth = tierWorth(prompt, held, forecastOf(host, disk));
          expect(worth).toBeGreaterThanOrEqual(0);
          expect(worth).toBeLessThanOrEqual(held.device + held.host + held.disk + 1e-6);
          expect(tierWorth(prompt, held, forecastOf(host * more, disk * more))).toBeGreaterThanOrEqual(worth - 1e-6);
        },
      ),
    );
  });

  test('are whole where the read is hidden, and count against the others where it takes longer than computing', () => {
    const held = { device: 1000, host: 4000, disk: 0 };
    expect(tierWorth(9000, held, forecastOf(1000, 100))).toBe(5000);
    expect(tierWorth(9000, held, forecastOf(0.5, 100))).toBeLessThan(1000);
    expect(tierWorth(9000, held, forecastOf(0.01, 100))).toBe(0);
    // Storage is read after the host's memory.
    const both = { device: 0, host: 2000, disk: 2000 };
    expect(tierWorth(5000, both, forecastOf(25, 0.4))).toBeLessThan(
      tierWorth(5000, { ...both, disk: 0 }, forecastOf(25, 0.4)),
    );
  });

  test('are what the engine spares: its first token says so', () => {
    fc.assert(
      fc.property(
        fc.record({ prompt: fc.integer({ min: 20, max: 60 }), held: fc.integer({ min: 4, max: 19 }) }),
        fc.constantFrom(0.5, 2, 5, 25),
        ({ prompt, held }, link) => {
          const BLOCK = 256;
          const memory = hostMemory(profile, { size: 1e12, link });
          const small = { ...profile, totalBlocks: Math.ceil((62 * BLOCK) / profile.blockTokens) };
          const engine = createEngine(small, { events: 'milestones', host: memory });
          let now = 0;
          const first = (id: number, blocks: number, family: number) => {
            const hashes = Array.from({ length: blocks }, (_, at) => 1000 * family + at + 1);
            const prefix = { hashes, blockTokens: BLOCK };
            engine.submit({ id, promptTokens: blocks * BLOCK + 7, outputTokens: 1, prefix }, now);
            const began = now;
            for (let step = engine.step(now); step !== undefined; step = engine.step(now)) now = step.endsAt;
            return now - began;
          };
          first(1, held, 1);
          // What that has left on the GPUs has to go.
          first(2, 61, 2);
          const cold = first(3, prompt, 3);
          first(4, 61, 4);
          const warm = first(5, prompt, 1);
          const tokens = { device: 0, host: held * BLOCK, disk: 0 };
          const worth = tierWorth(prompt * BLOCK + 7, tokens, new EngineForecast(small, memory));
          const idle = { inFlight: 0, inFlightTokens: 0, pendingPrefillTokens: 0 };
          const forecast = new EngineForecast(small);
          const spared = cold - warm;
          const per =
            (forecast.ttftMs(idle, prompt * BLOCK + 7, 0) - forecast.ttftMs(idle, prompt * BLOCK + 7, tokens.host)) /
            tokens.host;
          if (spared <= 0) expect(worth * per).toBeLessThan(0.1 * cold);
          else expect(Math.abs(worth * per - spared)).toBeLessThan(0.1 * cold);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('go by fixed credits where hardware, or how its memory is read, is not described', () => {
    const held = { device: 100, host: 40, disk: 20 };
    expect(creditedWorth(held)).toBe(100 + 30 + 5);
    expect(tierWorth(1000, held, undefined)).toBe(135);
    expect(tierWorth(1000, held, new EngineForecast(profile))).toBe(135);
    expect(tierWorth(1000, { device: 100, host: 0, disk: 0 }, undefined)).toBe(100);
  });
});

test('scorers go by it; Dynamo’s rule by its own credits', () => {
  const request = placementRequest([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], { promptTokens: 160, outputTokens: 40 });
  const match = { ...matchOf({ slow: 8, fast: 8, unknown: 8 }), lowerOn: () => ({ host: 8, disk: 0 }) };
  const replicas = [
    replicaView('slow', { forecast: forecastOf(1e-6, 1) }),
    replicaView('fast', { forecast: forecastOf(1e6, 1) }),
    replicaView('unknown', {}),
  ];
  expect(scoresOf(prefixAffinity(), { request, replicas, match }).scores).toEqual([0, 0.8, 0.6]);
  const { scores } = scoresOf(dynamoCost(), { request, replicas, match });
  expect(new Set(scores).size).toBe(1);
});
