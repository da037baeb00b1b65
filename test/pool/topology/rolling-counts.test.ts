import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RollingCounts } from '#pool/topology/rolling-counts.js';

test('counts what is in the window, to a tenth of it', () => {
  const event = fc.record({ gap: fc.integer({ min: 0, max: 400 }), ok: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), events => {
      const counts = new RollingCounts(1000);
      const all: { at: number; ok: boolean }[] = [];
      let now = 0;
      for (const { gap, ok } of events) {
        now += gap;
        counts.add(ok, now);
        all.push({ at: now, ok });
        const surely = all.filter(({ at }) => at > now - 900);
        const maybe = all.filter(({ at }) => at > now - 1000);
        expect(counts.total(now)).toBeGreaterThanOrEqual(surely.length);
        expect(counts.total(now)).toBeLessThanOrEqual(maybe.length);
        expect(counts.failures(now)).toBeGreaterThanOrEqual(surely.filter(e => !e.ok).length);
        expect(counts.failures(now)).toBeLessThanOrEqual(maybe.filter(e => !e.ok).length);
      }
      expect(counts.total(now + 1000)).toBe(0);
    }),
  );
});

test('another window starts afresh, the same one keeps its counts', () => {
  const counts = new RollingCounts(1000);
  counts.add(true, 5);
  counts.resize(1000);
  expect(counts.total(5)).toBe(1);
  counts.resize(2000);
  expect(counts.total(5)).toBe(0);
});
