import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PlacementRequest } from '#contract/placement.js';
import { type Random, seededRandom } from '#contract/random.js';
import type { Placer, ReplicaView } from '#pool/placement/placer.js';

export function replicaView(id: string, overrides: Partial<ReplicaView> = {}): ReplicaView {
  return {
    id,
    pool: 'p',
    unavailable: undefined,
    inFlight: 0,
    waiting: 0,
    limit: 8,
    inFlightTokens: 0,
    pendingPrefillTokens: 0,
    contextTokens: 100_000,
    cacheBlocks: 64,
    ...overrides,
  };
}

export function placementRequest(
  hashes: readonly number[],
  overrides: Partial<PlacementRequest> = {},
): PlacementRequest {
  return {
    model: 'm',
    promptTokens: Math.max(1, hashes.length * 16),
    outputTokens: 32,
    prefix: { hashes, blockTokens: 16 },
    session: '',
    constraints: {},
    exclude: [],
    ...overrides,
  };
}

const view = fc
  .record({
    pool: fc.constantFrom('p', 'q'),
    unavailable: fc.constantFrom(undefined, undefined, undefined, 'unhealthy'),
    inFlight: fc.integer({ min: 0, max: 9 }),
    waiting: fc.integer({ min: 0, max: 3 }),
    inFlightTokens: fc.integer({ min: 0, max: 5000 }),
    pendingPrefillTokens: fc.integer({ min: 0, max: 2000 }),
    contextTokens: fc.constantFrom(60, 400, 100_000),
    cacheBlocks: fc.constantFrom(undefined, 1, 8, 64),
  })
  .map(fields => fields);

const replicas = fc.array(view, { maxLength: 24 }).map(list => list.map((fields, i) => replicaView(`r${i}`, fields)));

const request = fc
  .record({
    family: fc.integer({ min: 0, max: 3 }),
    length: fc.integer({ min: 0, max: 20 }),
    pools: fc.constantFrom(undefined, ['p'], ['q'], []),
    exclude: fc.subarray(['r0', 'r1', 'r2']),
  })
  .map(({ family, length, pools, exclude }) =>
    placementRequest(
      Array.from({ length }, (_, i) => (i < 2 ? i : 1000 * family + i)),
      { constraints: pools === undefined ? {} : { pools }, exclude },
    ),
  );

function mayTake(asked: PlacementRequest, replica: ReplicaView): boolean {
  return (
    replica.unavailable === undefined &&
    replica.inFlight < replica.limit &&
    asked.promptTokens + asked.outputTokens <= replica.contextTokens &&
    !asked.exclude.includes(replica.id) &&
    (asked.constraints.pools === undefined || asked.constraints.pools.includes(replica.pool))
  );
}

/** What every placer must do, whatever it scores by. */
export function placerContract(name: string, make: (random: Random) => Placer): void {
  describe(`placer ${name}`, () => {
    const ten = Array.from({ length: 10 }, (_, i) => replicaView(`r${i}`));

    test('chooses one that may take the request, and none exactly when there is none', () => {
      fc.assert(
        fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), replicas, (requests, views) => {
          const placer = make(seededRandom(1));
          for (const asked of requests) {
            const able = views.filter(replica => mayTake(asked, replica));
            const choice = placer.choose(asked, views);
            expect(choice === undefined).toBe(able.length === 0);
            if (choice === undefined) continue;
            expect(able).toContain(choice.replica);
            placer.committed(asked, choice.replica.id);
          }
        }),
      );
    });

    test('tells at most eight losers, best first, and says what filters held against them', () => {
      fc.assert(
        fc.property(request, replicas, (asked, views) => {
          const choice = make(seededRandom(1)).choose(asked, views);
          if (choice === undefined) return;
          const { losers, considered, replica, score } = choice;
          expect(considered).toBe(views.length);
          expect(losers.length).toBe(Math.min(8, views.length - 1));
          expect(new Set(losers.map(loser => loser.replica)).size).toBe(losers.length);
          expect(losers.map(loser => loser.replica)).not.toContain(replica.id);
          for (const loser of [...losers, { replica: replica.id, score }]) {
            expect(loser.score).toBeGreaterThanOrEqual(0);
            expect(loser.score).toBeLessThanOrEqual(1 + 1e-9);
            const own = views.find(({ id }) => id === loser.replica)!;
            expect('filtered' in loser && loser.filtered !== undefined).toBe(!mayTake(asked, own));
          }
          const scored = losers.filter(loser => loser.filtered === undefined).map(loser => loser.score);
          expect(scored).toEqual([...scored].sort((a, b) => b - a));
        }),
      );
    });

    test('expects no more of the cache than the prompt, nothing of one never used, and nothing after forgetting', () => {
      const placer = make(seededRandom(1));
      const asked = placementRequest([1, 2, 3, 4], { promptTokens: 60 });
      const only = [replicaView('r0')];
      expect(placer.choose(asked, only)!.expectedPrefixTokens).toBe(0);
      placer.committed(asked, 'r0');
      const expected = placer.choose(asked, only)!.expectedPrefixTokens;
      expect([0, 60]).toContain(expected);
      placer.forget('r0');
      expect(placer.choose(asked, only)!.expectedPrefixTokens).toBe(0);
    });

    test('choosing without sending leaves no trace in what is expected', () => {
      const placer = make(seededRandom(1));
      for (let i = 0; i < 50; i++) placer.choose(placementRequest([1, 2, 3]), ten);
      for (const replica of ten) {
        expect(placer.choose(placementRequest([1, 2, 3]), [replica])!.expectedPrefixTokens).toBe(0);
      }
    });

    test('spreads cold prompts over idle replicas', () => {
      const placer = make(seededRandom(1));
      const counts = new Map<string, number>();
      for (let i = 0; i < 500; i++) {
        const asked = placementRequest([10 * i, 10 * i + 1]);
        const { id } = placer.choose(asked, ten)!.replica;
        placer.committed(asked, id);
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      expect(counts.size).toBe(10);
      expect(Math.max(...counts.values())).toBeLessThan(100);
    });

    test('gives the same choices for the same seed', () => {
      fc.assert(
        fc.property(fc.array(request, { maxLength: 30 }), fc.integer(), (requests, seed) => {
          const run = () => {
            const placer = make(seededRandom(seed));
            return requests.map(asked => {
              const choice = placer.choose(asked, ten);
              if (choice !== undefined) placer.committed(asked, choice.replica.id);
              return choice;
            });
          };
          expect(run()).toEqual(run());
        }),
      );
    });

    test('takes what it has never seen: unknown replicas, no replicas, prompts without blocks', () => {
      const placer = make(seededRandom(1));
      placer.forget('nobody');
      placer.committed(placementRequest([1]), 'nobody');
      expect(placer.choose(placementRequest([1]), [])).toBeUndefined();
      expect(placer.choose(placementRequest([], { promptTokens: 5 }), ten)).toBeDefined();
    });
  });
}
