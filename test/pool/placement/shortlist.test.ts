import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import type { ReplicaView } from '#pool/placement/placer.js';
import { Shortlist } from '#pool/placement/shortlist.js';
import { placementRequest, placerContract, replicaView } from '../../contracts/placer.js';
import { matchOf } from '../../contracts/scorer.js';

placerContract('with twelve candidates', random => createPlacer({ preset: 'prefix', candidates: 12 }, { random }));

const asked = placementRequest([1, 2, 3]);

describe('the shortlist', () => {
  test('is all who may have the request, or as many of them as it holds, each once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer(),
        fc.dictionary(
          fc.integer({ min: 0, max: 70 }).map(i => `r${i}`),
          fc.integer({ min: 1, max: 3 }),
        ),
        (able, limit, seed, held) => {
          const views = able.map((ok, i) => replicaView(`r${i}`, { unavailable: ok ? undefined : 'unhealthy' }));
          const open: ReplicaView[] = [];
          const shortlist = new Shortlist(limit, seededRandom(seed));
          for (let round = 0; round < 3; round++) {
            shortlist.fill(asked, views, matchOf(held), open);
            const willing = views.filter(({ unavailable }) => unavailable === undefined);
            expect(open.length).toBe(Math.min(limit, willing.length));
            expect(new Set(open).size).toBe(open.length);
            for (const replica of open) expect(willing).toContain(replica);
          }
        },
      ),
    );
  });

  test('holds those who hold most of the prompt, in half of its places at most', () => {
    const views = Array.from({ length: 100 }, (_, i) => replicaView(`r${i}`));
    const held = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`r${11 * i}`, 9 - i]));
    const open: ReplicaView[] = [];
    new Shortlist(8, seededRandom(1)).fill(asked, views, matchOf(held), open);
    expect(open.slice(0, 4).map(({ id }) => id)).toEqual(['r0', 'r11', 'r22', 'r33']);
    expect(open.length).toBe(8);
  });

  test('draws every replica in the long run, and learns when the list changes', () => {
    const shortlist = new Shortlist(4, seededRandom(2));
    const open: ReplicaView[] = [];
    for (const count of [40, 20]) {
      const views = Array.from({ length: count }, (_, i) => replicaView(`n${count}-${i}`));
      const drawn = new Map<string, number>();
      for (let i = 0; i < 100 * count; i++) {
        shortlist.fill(asked, views, undefined, open);
        for (const { id } of open) drawn.set(id, (drawn.get(id) ?? 0) + 1);
      }
      expect(drawn.size).toBe(count);
      for (const times of drawn.values()) expect(Math.abs(times - 400)).toBeLessThan(100);
    }
  });
});

test('with many replicas a conversation still returns to where it is cached', () => {
  const placer = createPlacer('prefix', { random: seededRandom(1) });
  const views = Array.from({ length: 300 }, (_, i) => replicaView(`r${i}`));
  placer.committed(placementRequest([1, 2, 3, 4, 5, 6, 7, 8]), 'r217');
  for (let i = 0; i < 20; i++) {
    const choice = placer.choose(placementRequest([1, 2, 3, 4, 5, 6, 7, 8, 9]), views)!;
    expect(choice.replica.id).toBe('r217');
    expect(choice.considered).toBe(300);
  }
});
