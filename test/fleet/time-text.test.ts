import { describe, expect, test } from 'vitest';
import { timeAxis, timeChange, timeRange, timeText } from '#fleet/time-text.js';

describe('a time for people', () => {
  test.each([
    [0, '0 s'],
    [0.4567, '0.457 ms'],
    [9.409, '9.41 ms'],
    [403.4, '403 ms'],
    [999.4, '999 ms'],
    [999.7, '1 s'],
    [74_677, '74.7 s'],
    [150_000, '2.5 min'],
    [3_600_000, '60 min'],
    [9_000_000, '2.5 h'],
    [Number.POSITIVE_INFINITY, 'forever'],
  ])('%d ms is %s', (ms, text) => {
    expect(timeText(ms)).toBe(text);
  });

  test('differences have signs, intervals no negative end, axes one unit', () => {
    expect([timeChange(1500), timeChange(-1500), timeChange(0)]).toEqual(['+1.5 s', '-1.5 s', '0 s']);
    expect(timeRange([-3, 2500])).toBe('0 s to 2.5 s');
    expect(timeAxis(9000)).toMatchObject({ unit: 'ms' });
    expect(timeAxis(74_677).of(74_677)).toBe(74.677);
  });
});
