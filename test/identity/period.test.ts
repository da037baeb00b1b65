import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { periodOf } from '#identity/period.js';

const zones = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'America/Havana',
  'Pacific/Apia',
];
const at = (text: string) => Date.parse(text);

describe('calendar periods', () => {
  it('hold the instant, follow one another without a gap, and begin at midnight or right after it was jumped over', () => {
    const instant = fc.integer({ min: at('2015-01-01T00:00Z'), max: at('2035-01-01T00:00Z') });
    fc.assert(
      fc.property(
        fc.constantFrom('hour', 'day', 'week', 'month'),
        fc.constantFrom(...zones),
        instant,
        (window, zone, now) => {
          const { start, end } = periodOf(window, zone, now);
          expect(start).toBeLessThanOrEqual(now);
          expect(end).toBeGreaterThan(now);
          if (window === 'hour') return;
          expect(periodOf(window, zone, end).start).toBe(end);
          expect(periodOf(window, zone, start - 1).end).toBe(start);
          expect(periodOf(window, zone, start)).toEqual({ start, end });
          const shown = (time: number) => new Date(time).toLocaleTimeString('en-GB', { timeZone: zone });
          expect(['00:00:00', '01:00:00']).toContain(shown(start));
          if (window === 'week')
            expect(new Date(start).toLocaleDateString('en-GB', { timeZone: zone, weekday: 'long' })).toBe('Monday');
          if (window === 'month')
            expect(new Date(start).toLocaleDateString('en-GB', { timeZone: zone, day: 'numeric' })).toBe('1');
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('know days of 23 and 25 hours', () => {
    const day = (text: string) => periodOf('day', 'Europe/Paris', at(text));
    expect(day('2026-03-29T12:00Z')).toEqual({ start: at('2026-03-28T23:00Z'), end: at('2026-03-29T22:00Z') });
    expect(day('2026-10-25T12:00Z')).toEqual({ start: at('2026-10-24T22:00Z'), end: at('2026-10-25T23:00Z') });
  });

  it('begin a month where its first midnight is, in the zone', () => {
    expect(periodOf('month', 'America/New_York', at('2026-03-01T04:59Z')).start).toBe(at('2026-02-01T05:00Z'));
    expect(periodOf('month', 'America/New_York', at('2026-03-01T05:00Z')).end).toBe(at('2026-04-01T04:00Z'));
  });
});
