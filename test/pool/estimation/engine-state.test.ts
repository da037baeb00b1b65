import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { EngineState, type OwnRequest } from '#pool/estimation/engine-state.js';

const REQUEST: OwnRequest = { promptTokens: 1000, uncached: 1000 };
const NO_BOUNDS = { limit: 1_000_000, kvTokens: undefined, batchTokens: undefined };
/** It reads 10 tokens a millisecond; an iteration takes 100 ms. */
const PACE = { alone: 10, tpotMs: 100 };

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
      if (one.mine) state.began(REQUEST, one.at, freeAt, PACE, NO_BOUNDS);
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
    for (let i = 0; i < 60; i++)
      state.began(REQUEST, i, 1000 + i * 50, { alone: 1000, tpotMs: undefined }, { ...NO_BOUNDS, limit: 120 });
    expect(state.share).toBeGreaterThan(1.9);
    state.forget();
    expect(state.share).toBe(1);
  });

  test('memory that ours hold little of shows who else has it, with the answers written so far', () => {
    const state = new EngineState();
    for (let i = 0; i < 200; i++) state.joined(REQUEST, i);
    // One answer token in 10 ms: 100 that began 50 ms apart hold 100,000 prompt tokens and 24,750 of answers.
    const pace = { alone: 1000, tpotMs: 10 };
    const bounds = { ...NO_BOUNDS, kvTokens: 400_000 };
    for (let i = 0; i < 100; i++) state.began(REQUEST, i, 1000 + i * 50, pace, bounds);
    const held = state.share;
    const unwritten = new EngineState();
    for (let i = 0; i < 200; i++) unwritten.joined(REQUEST, i);
    for (let i = 0; i < 100; i++) unwritten.began(REQUEST, i, 1000 + i * 50, { ...pace, tpotMs: undefined }, bounds);
    expect(held).toBeGreaterThan(2);
    expect(unwritten.share).toBeGreaterThan(held);
  });

  test('decodes take their part of an iteration: what prompts get of it is shared with fewer', () => {
    const shareWith = (decodes: number) => {
      const state = new EngineState();
      for (let i = 0; i < decodes; i++) {
        state.joined(REQUEST, i);
        state.began(REQUEST, i, i, { alone: undefined, tpotMs: undefined }, NO_BOUNDS);
      }
      for (let i = 0; i < 200; i++) state.joined(REQUEST, decodes + i);
      const bounds = { ...NO_BOUNDS, batchTokens: 2048 };
      for (let i = 0; i < 100; i++)
        state.began(REQUEST, decodes + i, 1000 + i * 100, { alone: 30, tpotMs: 50 }, bounds);
      return state.share;
    };
    expect(shareWith(1000)).toBeLessThan(shareWith(1) - 0.3);
  });

  test('requests of others are told from the time that our first has waited, not from how many of ours came in it', () => {
    const learned = () => {
      const state = new EngineState();
      for (let i = 0; i < 300; i++) state.joined(REQUEST, i * 100);
      for (let i = 0; i < 296; i++)
        state.began(REQUEST, i * 100, 30_000 + i * 200, { alone: 10, tpotMs: 100 }, NO_BOUNDS);
      for (let i = 0; i < 4; i++) state.left(REQUEST);
      return state;
    };
    const [few, many] = [learned(), learned()];
    for (let i = 0; i < 10; i++) few.joined(REQUEST, 100_000 + i * 100);
    for (let i = 0; i < 20; i++) many.joined(REQUEST, 100_000 + i * 50);
    const others = (state: EngineState, own: number) => state.waiting(101_000) - own;
    expect(others(few, 8.7)).toBeGreaterThan(4);
    expect(others(many, 18.7)).toBeLessThan(1.5 * others(few, 8.7));
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
        const running: number[] = [];
        let now = 0;
        for (const [step, dt] of given) {
          now += dt;
          if (step === 'join') {
            waiting.push(now);
            state.joined(REQUEST, now);
          } else if (step === 'begin' && waiting.length > 0) {
            state.began(REQUEST, waiting.shift()!, now, PACE, { limit: 8, kvTokens: 50_000, batchTokens: 2048 });
            running.push(now);
          } else if (step === 'leave' && waiting.length > 0) {
            waiting.pop();
            state.left(REQUEST);
          } else if (step === 'end' && running.length > 0) {
            state.ended(REQUEST, running.pop()!);
          }
          const estimate = state.waiting(now);
          expect(estimate).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(estimate)).toBe(true);
        }
        for (const _ of waiting) state.left(REQUEST);
        for (const beganAt of running) state.ended(REQUEST, beganAt);
        expect(state.waiting(now)).toBe(0);
        expect(state.others).toBe(0);
      }),
    );
  });
});
