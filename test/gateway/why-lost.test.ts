import { describe, expect, it } from 'vitest';
import type { Placement } from '#contract/placement.js';
import { whyLost } from '#gateway/why-lost.js';

const placement = (changes: Partial<Placement>): Placement => ({
  pool: 'p',
  replica: 'p/a',
  expectedPrefixTokens: 0,
  score: 0.75,
  losers: [{ replica: 'p/b', score: 0.25 }],
  considered: 4,
  queuedMs: 0,
  ...changes,
});
const scorers = [
  { name: 'prefix', weight: 0.75 },
  { name: 'queue', weight: 0.25 },
];

describe('why a replica lost', () => {
  it('is the scorer that cost it most, weighted, not the one with the largest difference', () => {
    const parts = { scorers, chosen: [0.8, 0.6], losers: [[0.4, 0]] };
    expect(whyLost(placement({ parts }))).toEqual(['prefix cost it 0.3']);
  });

  it('is the filter for what was never scored, after those that were', () => {
    const losers = [
      { replica: 'p/b', score: 0.75 },
      { replica: 'p/c', score: 0, filtered: 'circuit open' },
    ];
    const parts = { scorers, chosen: [1, 0], losers: [[1, 0]] };
    expect(whyLost(placement({ losers, parts }))).toEqual(['scored the same', 'circuit open']);
  });

  it('is the draw where the better one lost', () => {
    expect(whyLost(placement({ losers: [{ replica: 'p/b', score: 0.9 }] }))).toEqual(['scored higher, not drawn']);
  });

  it('is not made up where it is not known what scores are made of', () => {
    expect(whyLost(placement({}))).toEqual(['']);
  });
});
