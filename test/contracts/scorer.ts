import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineForecast } from '#pool/engine/forecast.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { AdapterState, ReplicaView } from '#pool/placement/placer.js';
import type { PrefixMatch } from '#pool/placement/prefix-index.js';
import type { Candidates, Scorer } from '#pool/placement/scorer.js';
import { placementRequest, replicaView } from './placer.js';

const FORECASTS = [
  undefined,
  new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'h100' })),
  new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s' })),
];

/** What replicas hold of a prompt, as an index would tell it. */
export function matchOf(blocks: Readonly<Record<string, number>>): PrefixMatch {
  const ranked = Object.entries(blocks).sort((a, b) => b[1] - a[1]);
  return {
    deepest: ranked[0]?.[1] ?? 0,
    holders: ranked.length,
    blocksOn: replica => blocks[replica] ?? 0,
    holder: rank => ranked[rank]![0],
  };
}

const view = fc.record({
  inFlight: fc.integer({ min: 0, max: 40 }),
  waiting: fc.integer({ min: 0, max: 10 }),
  inFlightTokens: fc.integer({ min: 0, max: 50_000 }),
  pendingPrefillTokens: fc.integer({ min: 0, max: 20_000 }),
  contextTokens: fc.constantFrom(8192, 32_768),
  kvTokens: fc.constantFrom(undefined, 20_000),
  forecast: fc.constantFrom(...FORECASTS),
  latency: fc.constantFrom(undefined, { ttft: (tokens: number) => 20 + tokens / 10, tpotMs: 12 }),
  adapters: fc
    .constantFrom<AdapterState | undefined>(undefined, 'loaded', 'loading', 'room', 'full')
    .map(state => (state === undefined ? undefined : { state: () => state })),
});

const situation = fc
  .record({
    views: fc.array(view, { minLength: 1, maxLength: 12 }),
    held: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 12, maxLength: 12 }),
    promptTokens: fc.integer({ min: 1, max: 4000 }),
    session: fc.constantFrom('', 'a', 'b'),
  })
  .map(({ views, held, promptTokens, session }): Candidates => {
    const replicas = views.map((fields, i) => replicaView(`r${i}`, { ...fields, limit: 64 }));
    const hashes = Array.from({ length: 8 }, (_, i) => i + 1);
    return {
      replicas,
      request: placementRequest(hashes, { promptTokens, session }),
      match: matchOf(Object.fromEntries(replicas.map(({ id }, i) => [id, held[i]!]))),
    };
  });

/** Scores of the candidates, beyond which the scorer must write nothing. */
export function scoresOf(scorer: Scorer, candidates: Candidates): { scores: number[]; worth: number } {
  const count = candidates.replicas.length;
  const scores = new Float64Array(count + 3).fill(-7);
  const worth = scorer.score(candidates, scores);
  expect([...scores.subarray(count)]).toEqual([-7, -7, -7]);
  return { scores: [...scores.subarray(0, count)], worth };
}

/** What every scorer must do, whatever it judges by. */
export function scorerContract(name: string, make: () => Scorer): void {
  describe(`scorer ${name}`, () => {
    test('gives every candidate a score in [0, 1] and says what the range is worth', () => {
      fc.assert(
        fc.property(situation, candidates => {
          const { scores, worth } = scoresOf(make(), candidates);
          for (const score of scores) {
            expect(score).toBeGreaterThanOrEqual(0);
            expect(score).toBeLessThanOrEqual(1 + 1e-9);
          }
          expect(Number.isFinite(worth) && worth >= 0).toBe(true);
          if (worth === 0) expect(Math.max(...scores) - Math.min(...scores)).toBeLessThan(1e-9);
        }),
      );
    });

    test('judges a replica by what it is, not by where it stands', () => {
      fc.assert(
        fc.property(situation, candidates => {
          const scorer = make();
          const { scores } = scoresOf(scorer, candidates);
          const turned = scoresOf(scorer, { ...candidates, replicas: [...candidates.replicas].reverse() });
          for (const [i, score] of turned.scores.reverse().entries()) expect(score).toBeCloseTo(scores[i]!, 9);
        }),
      );
    });

    test('asking changes nothing; what was sent and forgotten again leaves no trace', () => {
      fc.assert(
        fc.property(situation, candidates => {
          const scorer = make();
          const before = scoresOf(scorer, candidates);
          expect(scoresOf(scorer, candidates)).toEqual(before);
          for (const { id } of candidates.replicas) scorer.committed?.(candidates.request, id, true);
          scorer.committed?.(candidates.request, 'gone', false);
          for (const { id } of candidates.replicas) scorer.forget?.(id);
          scorer.forget?.('gone');
          expect(scoresOf(scorer, candidates)).toEqual(before);
        }),
      );
    });
  });
}

/** Two candidates that differ in one thing. */
export function pair(better: Partial<ReplicaView>, worse: Partial<ReplicaView>): readonly ReplicaView[] {
  return [replicaView('better', better), replicaView('worse', worse)];
}
