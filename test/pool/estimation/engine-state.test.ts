import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { EngineState, type OwnRequest } from '#pool/estimation/engine-state.js';

const REQUEST: OwnRequest = { promptTokens: 1000, uncached: 1000, outputTokens: 200 };
const NO_BOUNDS = { limit: 1_000_000, kvTokens: undefined };

/**
 * An engine that reads 10 tokens a millisecond and serves first come, first served; of its requests `ours` are ours. Twice as many come as
 * it can serve, so that a line grows.
 */
function overloaded(ours: number, seed: number, requests = 400) {
  const random = seededRandom(seed);
  const state = new EngineState();
  const line: { mine: boolean; at: number }[] = [];
  let [now, freeAt, served] = [0, 0, 0];
  for (let i = 0; i < requests; i++) {
    now += random.exponential(1 / 50);
    while (served < line.length && freeAt + 100 <= now) {
      const one = line[served++]!;
      freeAt = Math.max(freeAt, one.at) + 100;
      if (one.mine) state.began(REQUEST, one.at, freeAt, 10, NO_BOUNDS);
    }
    const mine = random.next() < ours;
    line.push({ mine, at: now });
    if (mine) state.joined(REQUEST, now);
  }
  return { estimate: state.waiting(now), truth: line.length - served, share: state.share };
}

describe('the state of an engine', () => {
  test('nothing waits where nothing was sent', () => {
    const state = new EngineState();
    expect(state.waiting(0)).toBe(0);
    expect(state.others).toBe(0);
    expect(state.informed).toBe(false);
  });

  test.each([
    [1, 0.05],
    [0.7, 0.2],
    [0.4, 0.35],
  ])('a line of which %d is ours is told within %d of its length', (ours, error) => {
    for (let seed = 0; seed < 10; seed++) {
      const { estimate, truth, share } = overloaded(ours, seed);
      expect(truth).toBeGreaterThan(100);
      expect(Math.abs(estimate - truth) / truth).toBeLessThan(error);
      expect(share * ours).toBeGreaterThan(0.7);
      expect(share * ours).toBeLessThan(1.35);
    }
  });

  test('of several bounds the least counts: sequences that are all taken show who else has them', () => {
    const state = new EngineState();
    for (let i = 0; i < 100; i++) state.joined(REQUEST, i);
    // 60 of 120 sequences are ours while 40 of ours wait: the prefill rate alone would allow for far more.
    for (let i = 0; i < 60; i++) state.began(REQUEST, i, 1000 + i * 50, 1000, { limit: 120, kvTokens: undefined });
    expect(state.share).toBeGreaterThan(1.9);
    state.forget();
    expect(state.share).toBe(1);
  });

  test('what the engine says counts for less the older it is', () => {
    const state = new EngineState();
    state.told(30, 1000);
    expect(state.waiting(1000)).toBe(30);
    expect(state.waiting(3000)).toBeCloseTo(30 / Math.E, 6);
    expect(state.waiting(60_000)).toBeLessThan(1e-6);
  });

  test('any order of joining, beginning, ending and leaving ends in nothing, and never below it', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('join', 'begin', 'leave', 'end'), fc.integer({ min: 0, max: 500 })),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(steps, given => {
        const state = new EngineState();
        const waiting: number[] = [];
        let [now, running] = [0, 0];
        for (const [step, dt] of given) {
          now += dt;
          if (step === 'join') {
            waiting.push(now);
            state.joined(REQUEST, now);
          } else if (step === 'begin' && waiting.length > 0) {
            state.began(REQUEST, waiting.shift()!, now, 10, { limit: 8, kvTokens: 50_000 });
            running++;
          } else if (step === 'leave' && waiting.length > 0) {
            waiting.pop();
            state.left(REQUEST);
          } else if (step === 'end' && running > 0) {
            running--;
            state.ended(REQUEST);
          }
          const estimate = state.waiting(now);
          expect(estimate).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(estimate)).toBe(true);
        }
        for (const _ of waiting) state.left(REQUEST);
        for (; running > 0; running--) state.ended(REQUEST);
        expect(state.waiting(now)).toBe(0);
        expect(state.others).toBe(0);
      }),
    );
  });
});
