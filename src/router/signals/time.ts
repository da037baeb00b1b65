import { z } from 'zod';
import type { SignalValue } from '#contract/signal.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { isZone, MINUTES_PER_DAY, ZoneTime, zoneNames } from './time-zone.js';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MAX_WINDOWS = 32;

const clockTime = z
  .string()
  .regex(/^(?:(?:[01]?\d|2[0-3]):[0-5]\d|24:00)$/, 'a time of day from 00:00 to 24:00, such as 08:30')
  .meta({ title: 'time', examples: ['08:30', '22:00'] });

const windowSchema = z.strictObject({
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .max(DAYS.length)
    .optional()
    .describe('Weekdays on which the window begins. All of them unless said.'),
  from: clockTime.default('00:00').describe('When it begins, the minute included.'),
  to: clockTime
    .default('24:00')
    .describe('When it ends, the minute not included. Earlier than `from`: on the day after.'),
});

const schema = z.strictObject({
  zone: z.string().min(1).max(64).describe('Time zone by its IANA name, such as Europe/Berlin or UTC.'),
  windows: z.array(windowSchema).min(1).max(MAX_WINDOWS).describe('True within any of these.'),
});

type TimeOptions = z.output<typeof schema>;

/** When the request came, by the clocks of a place. */
export const time: SignalType<TimeOptions> = {
  type: 'time',
  summary: 'Time of day and weekday in a time zone.',
  scoreMeaning: 'minutes since midnight, as clocks there show them',
  labelMeaning: 'the weekday there',
  labels: DAYS,
  cost: { tier: 'inline', microseconds: 0.5 },
  schema,
  check: ({ zone, windows }) => [
    ...(isZone(zone) ? [] : [unknownZone(zone)]),
    ...windows.flatMap(({ from, to, days }, index) => [
      ...emptyWindow(minuteOf(from), minuteOf(to), index),
      ...twice(days ?? [], index),
    ]),
  ],
  build: (name, { zone, windows }, { clock }) => {
    const local = new ZoneTime(zone);
    const open = openMinutes(windows);
    let said: SignalValue | undefined;
    const evaluate = (): SignalValue => {
      local.at(clock.wall());
      const { weekday, minuteOfDay: score } = local;
      const label = DAYS[weekday]!;
      if (said?.score === score && said.label === label) return said;
      const state = isOpen(open, weekday, score) ? 'true' : 'false';
      said = Object.freeze({ state, score, label, evidence: `${label} ${shown(score)} ${zone}` });
      return said;
    };
    return { name, type: 'time', cost: time.cost, evaluate };
  },
};

function unknownZone(zone: string): OptionProblem {
  const message = `there is no time zone ${JSON.stringify(zone)}`;
  return { code: 'config.unknown_reference', path: ['zone'], message, unknown: { name: zone, known: zoneNames() } };
}

function emptyWindow(from: number, to: number, index: number): OptionProblem[] {
  if (from !== to && from !== MINUTES_PER_DAY) return [];
  const message = from === to ? 'begins when it ends: no time is in it' : 'begins when the day is over';
  const hint = 'from: "00:00", to: "24:00" for a whole day';
  return [{ code: 'config.range', path: ['windows', index], message, hint }];
}

function twice(days: readonly string[], index: number): OptionProblem[] {
  return days.flatMap((day, at): OptionProblem[] =>
    days.indexOf(day) === at
      ? []
      : [{ code: 'config.duplicate', path: ['windows', index, 'days', at], message: `the day ${day} stands twice` }],
  );
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

/** A window on one weekday, in minutes of that day; what goes past midnight is two. */
interface Open {
  readonly day: number;
  readonly from: number;
  readonly to: number;
}

function openMinutes(windows: TimeOptions['windows']): readonly Open[] {
  return windows.flatMap(({ days = DAYS, ...window }) => {
    const from = minuteOf(window.from);
    const to = minuteOf(window.to);
    return days.flatMap((name): Open[] => {
      const day = DAYS.indexOf(name);
      if (to > from) return [{ day, from, to }];
      return [
        { day, from, to: MINUTES_PER_DAY },
        { day: (day + 1) % DAYS.length, from: 0, to },
      ];
    });
  });
}

function isOpen(open: readonly Open[], weekday: number, minute: number): boolean {
  for (const { day, from, to } of open) if (day === weekday && minute >= from && minute < to) return true;
  return false;
}

function shown(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
