import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_MODELS } from '#contract/learned.js';
import { time } from '#router/signals/time.js';
import { isZone, ZoneTime } from '#router/signals/time-zone.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { profile, request } from '../support.js';
import { accepts, problemsOf } from './build.js';

const EPOCH = new VirtualClock().wall();

function at(iso: string, options: unknown) {
  const clock = new VirtualClock(Date.parse(iso) - EPOCH);
  return time
    .build('it', time.schema.parse(options), { clock, learned: NO_MODELS })
    .evaluate({ request: request(), profile: profile() });
}

const office = {
  zone: 'Europe/Berlin',
  windows: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '9:00', to: '17:30' }],
};
const night = { zone: 'America/New_York', windows: [{ days: ['fri'], from: '22:00', to: '06:00' }] };

test.each([
  ['in winter an hour ahead of UTC', '2026-01-07T08:00:00Z', office, 'true', 540, 'wed'],
  ['a minute before', '2026-01-07T07:59:59Z', office, 'false', 539, 'wed'],
  ['in summer two', '2026-07-08T07:00:00Z', office, 'true', 540, 'wed'],
  ['the end is not in it', '2026-07-08T15:30:00Z', office, 'false', 1050, 'wed'],
  ['not at the weekend', '2026-07-11T10:00:00Z', office, 'false', 720, 'sat'],
  ['past midnight it is still Friday’s', '2026-01-10T10:59:00Z', night, 'true', 359, 'sat'],
  ['and over at six', '2026-01-10T11:00:00Z', night, 'false', 360, 'sat'],
  ['not in the night before', '2026-01-09T06:00:00Z', night, 'false', 60, 'fri'],
  [
    'a zone with half an hour',
    '2026-01-07T18:30:00Z',
    { zone: 'Asia/Kolkata', windows: [{ to: '00:01' }] },
    'true',
    0,
    'thu',
  ],
  [
    'a zone with three quarters',
    '2026-01-07T18:15:00Z',
    { zone: 'Asia/Kathmandu', windows: [{ to: '00:01' }] },
    'true',
    0,
    'thu',
  ],
  ['all day', '2026-01-07T18:15:00Z', { zone: 'UTC', windows: [{ days: ['wed'] }] }, 'true', 1095, 'wed'],
  ['before 1970', '1969-12-31T23:59:00Z', { zone: 'UTC', windows: [{}] }, 'true', 1439, 'wed'],
])('%s', (_what, iso, options, state, score, label) => {
  expect(at(iso, options)).toMatchObject({ state, score, label });
});

describe('on the days that clocks are changed', () => {
  const small = { zone: 'Europe/Berlin', windows: [{ from: '02:00', to: '03:00' }] };
  test.each([
    // 29 March 2026: 01:59 CET is followed by 03:00 CEST.
    ['2026-03-29T00:59:59Z', 'false', 119],
    ['2026-03-29T01:00:00Z', 'false', 180],
    // 25 October 2026: 02:59 CEST is followed by 02:00 CET.
    ['2026-10-25T00:00:00Z', 'true', 120],
    ['2026-10-25T00:59:59Z', 'true', 179],
    ['2026-10-25T01:00:00Z', 'true', 120],
    ['2026-10-25T01:59:59Z', 'true', 179],
    ['2026-10-25T02:00:00Z', 'false', 180],
  ])('%s', (iso, state, score) => {
    expect(at(iso, small)).toMatchObject({ state, score });
  });
});

test('is what Intl shows, in any zone, whatever was asked before', () => {
  const zones = [
    'Europe/London',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
    'Asia/Tehran',
  ];
  const from = Date.UTC(2000, 0, 1);
  const until = Date.UTC(2035, 0, 1);
  const zoned = zones.map(zone => ({
    local: new ZoneTime(zone),
    shown: new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    }),
  }));
  fc.assert(
    fc.property(
      fc.integer({ min: from, max: until }),
      fc.constantFrom(...zoned),
      fc.integer({ min: 0, max: 3 }),
      (wall, zone, steps) => {
        for (let step = 0; step <= steps; step++) {
          const when = wall + step * 7 * 60_000;
          zone.local.at(when);
          const parts = Object.fromEntries(zone.shown.formatToParts(when).map(({ type, value }) => [type, value]));
          expect(zone.local.minuteOfDay).toBe(Number(parts.hour) * 60 + Number(parts.minute));
          expect(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][zone.local.weekday]).toBe(parts.weekday);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what is no zone, no time, or no window', () => {
  expect(problemsOf(time, { zone: 'Europe/Berlim', windows: [{}] })).toMatchObject([
    { code: 'config.unknown_reference', path: ['zone'], unknown: { name: 'Europe/Berlim' } },
  ]);
  expect(isZone('+02:00')).toBe(false);
  expect(isZone('US/Pacific')).toBe(true);
  expect(problemsOf(time, { zone: 'UTC', windows: [{ from: '9:00', to: '09:00' }] })).toMatchObject([
    { code: 'config.range', path: ['windows', 0] },
  ]);
  expect(problemsOf(time, { zone: 'UTC', windows: [{ from: '24:00', to: '09:00' }] })).toMatchObject([
    { code: 'config.range' },
  ]);
  expect(problemsOf(time, { zone: 'UTC', windows: [{ days: ['mon', 'mon'] }] })).toMatchObject([
    { code: 'config.duplicate' },
  ]);
  expect(accepts(time, { zone: 'UTC', windows: [{ from: '24:01' }] })).toBe(false);
  expect(accepts(time, { zone: 'UTC', windows: [{ days: ['monday'] }] })).toBe(false);
  expect(accepts(time, { zone: 'UTC', windows: [] })).toBe(false);
});
