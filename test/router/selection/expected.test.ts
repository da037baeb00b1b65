import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd } from '#router/selection/expected.js';

test.each([
  [0, '$0'],
  [0.0000404, '$0.0000404'],
  [0.00012, '$0.00012'],
  [0.1, '$0.1'],
  [0.99999, '$1'],
  [9.999, '$10'],
  [1234.5, '$1230'],
  [1e-9, '$1e-9'],
])('%d is written %s', (usd, text) => {
  expect(formatUsd(usd)).toBe(text);
});

test('every amount is written to three digits', () => {
  fc.assert(
    fc.property(fc.double({ min: -10, max: 4, noNaN: true }), exponent => {
      const usd = 10 ** exponent;
      const written = Number(formatUsd(usd).slice(1));
      // Half of the third digit, and a hair for amounts that stand in the middle of two.
      expect(Math.abs(written - usd)).toBeLessThanOrEqual(0.00501 * usd);
      expect(formatUsd(written)).toBe(formatUsd(usd));
    }),
  );
});
