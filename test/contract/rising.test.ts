import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countUpTo } from '#contract/rising.js';

test('counts what is at most a number, as looking at each would', () => {
  const number = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(fc.array(number), fc.oneof(number, fc.constantFrom(Number.POSITIVE_INFINITY)), (list, most) => {
      const rising = Float64Array.from(list).sort();
      expect(countUpTo(rising, most)).toBe(list.filter(one => one <= most).length);
    }),
  );
});
