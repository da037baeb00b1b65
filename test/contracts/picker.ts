import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import type { Picker } from '#pool/placement/picker.js';
import { replicaView } from './placer.js';

const scored = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });

/** What every picker must do. `blind` for one that looks at no score. */
export function pickerContract(name: string, make: () => Picker, { blind = false } = {}): void {
  describe(`picker ${name}`, () => {
    const views = (count: number) => Array.from({ length: count }, (_, i) => replicaView(`r${i}`));

    test('takes one of the candidates, the same for the same seed', () => {
      fc.assert(
        fc.property(scored, fc.integer(), (scores, seed) => {
          // Longer than the candidates, as the scores of a placer are: what is left there of another request counts for nothing.
          const room = Float64Array.from([...scores, 9, 9]);
          const pick = () => make().pick(views(scores.length), room, seededRandom(seed));
          const chosen = pick();
          expect(Number.isInteger(chosen) && chosen >= 0 && chosen < scores.length).toBe(true);
          expect(pick()).toBe(chosen);
          expect([...room]).toEqual([...scores, 9, 9]);
        }),
      );
    });

    test('leaves nobody out for where it stands: among equals all have their turn', () => {
      const picker = make();
      const random = seededRandom(3);
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 800; i++) {
        const chosen = picker.pick(views(4), new Float64Array(4).fill(0.5), random);
        picker.committed?.(`r${chosen}`);
        counts[chosen]!++;
      }
      for (const count of counts) {
        expect(count).toBeGreaterThan(140);
        expect(count).toBeLessThan(260);
      }
    });

    test.skipIf(blind)('takes better ones more often', () => {
      const random = seededRandom(5);
      const scores = Float64Array.from([0.1, 0.9, 0.5, 0.3]);
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 2000; i++) counts[make().pick(views(4), scores, random)]!++;
      const [worst, best, middle] = counts as [number, number, number, number];
      expect(best).toBeGreaterThan(middle);
      expect(middle).toBeGreaterThanOrEqual(worst);
    });

    test('takes scores that are all zero', () => {
      expect(make().pick(views(3), new Float64Array(3), seededRandom(1))).toBeLessThan(3);
    });
  });
}
