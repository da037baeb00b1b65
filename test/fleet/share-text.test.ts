import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareText } from '#fleet/share-text.js';

it.each([
  [1, 3, '100.000 %'],
  [0.9999999, 3, '> 99.999 %'],
  [0.999994, 3, '99.999 %'],
  [0.99941, 3, '99.941 %'],
  [0, 1, '0.0 %'],
  [0.0003, 1, '< 0.1 %'],
  [0.9996, 1, '> 99.9 %'],
])('%d to %d digits', (share, digits, text) => expect(shareText(share, digits)).toBe(text));

it('says all or nothing of nothing else', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 5 }), (share, digits) => {
      const text = shareText(share, digits);
      expect(/^100\.0+ %$/.test(text)).toBe(share === 1);
      expect(/^0\.0+ %$/.test(text)).toBe(share === 0);
    }),
  );
});
