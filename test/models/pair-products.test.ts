import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairProducts } from '#models/train/pair-products.js';

const columns = fc.tuple(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 9 })).chain(([size, length]) =>
  fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length }), {
    minLength: size,
    maxLength: size,
  }),
);

test('inner products of all pairs of columns, however many there are of them', () => {
  fc.assert(
    fc.property(columns, lists => {
      const values = pairProducts(lists.map(list => Float32Array.from(list)));
      expect(values.length).toBe(lists.length ** 2);
      for (const [i, a] of lists.entries()) {
        for (const [j, b] of lists.slice(0, i + 1).entries()) {
          // Whole numbers so small have no rounding.
          expect(values[i * lists.length + j]).toBe(a.reduce((sum, one, at) => sum + one * b[at]!, 0));
        }
      }
    }),
  );
});
