import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateWindow } from '#identity/rate-window.js';

describe('a rate window', () => {
  it('lets no more than its limit through in any 60 seconds, and says truly when there is room again', () => {
    const steps = fc.array(
      fc.record({ wait: fc.oneof(fc.nat(2000), fc.nat(90_000)), amount: fc.integer({ min: 1, max: 5 }) }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), steps, (limit, script) => {
        const window = new RateWindow(limit);
        const let_through: { at: number; amount: number }[] = [];
        let now = 1_000_000;
        for (const { wait, amount } of script) {
          now += wait;
          if (window.remaining(now) >= amount) {
            window.add(now, amount);
            let_through.push({ at: now, amount });
          } else {
            const room = window.waitFor(now, amount);
            expect(room).toBeGreaterThan(0);
            expect(room).toBeLessThanOrEqual(61_000);
            now += room;
            expect(window.remaining(now)).toBeGreaterThanOrEqual(amount);
          }
        }
        for (const { at } of let_through) {
          const inWindow = let_through.filter(other => other.at <= at && other.at > at - 60_000);
          expect(inWindow.reduce((sum, { amount }) => sum + amount, 0)).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes corrections in the slot they belong to, and forgets them with it', () => {
    const window = new RateWindow(100);
    const slot = window.add(1000, 80);
    window.correct(5000, slot, -70);
    expect(window.remaining(5000)).toBe(90);
    expect(window.resetIn(5000)).toBe(57_000);
    expect(window.remaining(62_000)).toBe(100);
    window.correct(70_000, slot, 50);
    expect(window.remaining(70_000)).toBe(100);
  });

  it('is not confused by a clock that is set back', () => {
    const window = new RateWindow(2);
    window.add(100_000, 2);
    expect(window.remaining(50_000)).toBe(0);
    window.add(50_000, 1);
    expect(window.remaining(100_000)).toBe(0);
  });
});
