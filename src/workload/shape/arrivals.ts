import type { Milliseconds } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** How requests arrive. All zero for fewer than two of them, or when all come at one moment. */
export interface ArrivalShape {
  readonly durationMs: Milliseconds;
  /** Requests a second: gaps between requests over the time from the first to the last. */
  readonly rate: number;
  /** Squared coefficient of variation of the gaps between requests: 1 for a Poisson process. */
  readonly interarrivalCv2: number;
  /** Index of dispersion of requests a minute, variance over mean: 1 for a Poisson process. Bursts longer than the gaps show here. */
  readonly dispersionPerMinute: number;
  /** Requests in the busiest minute over those in a mean one. */
  readonly peakOverMean: number;
}

const MINUTE_MS = 60_000;

export function arrivalShape(requests: readonly TraceRequest[]): ArrivalShape {
  const first = requests[0]?.arrivalMs ?? 0;
  const durationMs = (requests.at(-1)?.arrivalMs ?? 0) - first;
  if (durationMs <= 0) {
    return { durationMs: 0, rate: 0, interarrivalCv2: 0, dispersionPerMinute: 0, peakOverMean: 0 };
  }
  const gaps = requests.length - 1;
  let squares = 0;
  let before = first;
  for (const { arrivalMs } of requests) {
    squares += (arrivalMs - before) ** 2;
    before = arrivalMs;
  }
  const meanGap = durationMs / gaps;
  // Minutes that lie whole in the trace; a shorter trace has but one, cut short.
  const minutes = Math.max(1, Math.floor(durationMs / MINUTE_MS));
  // One wrong time makes a trace of a minute last for years: minutes in which nothing comes take no room.
  const busy: number[] = [];
  let current = -1;
  for (const { arrivalMs } of requests) {
    const minute = Math.floor((arrivalMs - first) / MINUTE_MS);
    if (minute >= minutes) break;
    if (minute !== current) busy.push(0);
    current = minute;
    busy[busy.length - 1]!++;
  }
  const { mean, variance, most } = momentsOf(busy, minutes);
  return {
    durationMs,
    rate: (1000 * gaps) / durationMs,
    interarrivalCv2: squares / gaps / meanGap ** 2 - 1,
    dispersionPerMinute: mean > 0 ? variance / mean : 0,
    peakOverMean: mean > 0 ? most / mean : 0,
  };
}

/** The rate over time, as shares of the mean rate. */
export interface RateOverTime {
  /** `hour`: by hour of the day in UTC, where a trace knows its dates and lasts a day. `part`: in equal parts from begin to end. */
  readonly by: 'hour' | 'part';
  readonly relative: readonly number[];
}

const PARTS = 24;
const DAY_MS = 86_400_000;

/** How the rate changes over the day, or over the trace if that is shorter or knows no dates. */
export function rateOverTime(requests: readonly TraceRequest[], startedAt: Milliseconds | undefined): RateOverTime {
  const durationMs = requests.at(-1)?.arrivalMs ?? 0;
  const counts = new Float64Array(PARTS);
  const byHour = startedAt !== undefined && durationMs >= DAY_MS;
  // Only whole days, so that no hour of the day is seen more often than another.
  const days = Math.floor(durationMs / DAY_MS);
  for (const { arrivalMs } of requests) {
    if (byHour) {
      if (arrivalMs < days * DAY_MS) counts[Math.floor((startedAt + arrivalMs) / (DAY_MS / PARTS)) % PARTS]!++;
    } else counts[durationMs > 0 ? Math.min(PARTS - 1, Math.floor((PARTS * arrivalMs) / durationMs)) : 0]!++;
  }
  const { mean } = momentsOf(counts, PARTS);
  return { by: byHour ? 'hour' : 'part', relative: Array.from(counts, count => (mean > 0 ? count / mean : 0)) };
}

/** @param count how many values there are: those that are not given are 0. */
function momentsOf(
  values: ArrayLike<number> & Iterable<number>,
  count: number,
): { mean: number; variance: number; most: number } {
  let sum = 0;
  let most = 0;
  for (const value of values) {
    sum += value;
    if (value > most) most = value;
  }
  const mean = sum / count;
  let squares = (count - values.length) * mean ** 2;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, variance: squares / count, most };
}
