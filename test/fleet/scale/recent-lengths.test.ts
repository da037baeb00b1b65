import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KEPT_LENGTHS, RecentLengths } from '#fleet/scale/recent-lengths.js';

test('the newest are the last that were added, in their order, and no more than are kept', () => {
  fc.assert(
    fc.property(fc.nat(3 * KEPT_LENGTHS), fc.nat(2 * KEPT_LENGTHS), (count, most) => {
      const recent = new RecentLengths();
      for (let at = 1; at <= count; at++) recent.add({ promptTokens: at, outputTokens: 1, cachedTokens: 0 });
      const kept = Math.min(count, most, KEPT_LENGTHS);
      const newest = Array.from({ length: kept }, (_, at) => count - kept + 1 + at);
      expect(recent.newest(most).map(({ promptTokens }) => promptTokens)).toEqual(newest);
    }),
  );
});
