import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeText } from '#fleet/time-text.js';
import { secondsOf } from '../../dashboard/ui/duration.js';

describe('a time that somebody writes', () => {
  test.each([
    ['90 s', 90],
    ['5 min', 300],
    [' 1.5h ', 5400],
    ['2d', 172_800],
  ])('%j', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  test.each(['', '5', '0.5 s', '0 min', '-3 s', '5 minutes ago', 'min', '1e3 s', '5 weeks'])('%j is none', text => {
    expect(secondsOf(text)).toBeUndefined();
  });

  test('may be written as the planner tells it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 30 * 86_400_000 }), ms => {
        expect(secondsOf(timeText(ms))! / (ms / 1000)).toBeCloseTo(1, 2);
      }),
    );
  });
});
