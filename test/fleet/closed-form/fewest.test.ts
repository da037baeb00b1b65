import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fewest } from '#fleet/closed-form/fewest.js';

test('finds the least number that is enough from where it starts, or says that none is', () => {
  const count = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(count, fc.integer({ min: 1, max: 300 }), count, (start, most, enough) => {
      fc.pre(start <= most);
      const least = Math.max(1, start, enough);
      expect(fewest(start, most, n => n >= enough)).toBe(least <= most ? least : undefined);
    }),
  );
});
