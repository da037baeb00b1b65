import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import { Tally } from './tally.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Spans of time that are kept, finest first: a quarter of an hour, a day, 30 days. */
const LEVELS = [
  { step: 10 * SECOND, keep: 90 },
  { step: MINUTE, keep: 1440 },
  { step: HOUR, keep: 720 },
] as const;

/** What can be looked back over: how long, in steps of which length. */
export const WINDOWS = {
  '15m': { level: 0, points: 90, group: 1 },
  '1h': { level: 1, points: 60, group: 1 },
  '24h': { level: 1, points: 96, group: 15 },
  '24h-fine': { level: 1, points: 288, group: 5 },
  '7d': { level: 2, points: 168, group: 1 },
  '30d': { level: 2, points: 120, group: 6 },
} as const;

export type WindowName = keyof typeof WINDOWS;

/** Where finished spans of a minute and more are kept over restarts. */
export interface TrafficStore {
  /** @param keepFrom spans of this step that began earlier may be deleted. */
  keep(step: Milliseconds, at: Milliseconds, bucket: string, keepFrom: Milliseconds): void;
  load(step: Milliseconds, from: Milliseconds): Iterable<{ readonly at: Milliseconds; readonly bucket: string }>;
}

export interface TrafficWindow {
  readonly stepMs: Milliseconds;
  readonly from: Milliseconds;
  readonly to: Milliseconds;
  readonly total: Tally;
  /** Oldest first, none left out: what had no request is zero. */
  readonly points: readonly Tally[];
}

/** Where finished requests are counted, and what was counted over time is looked up. */
export interface TrafficLog {
  /** Counts a request that ended at wall time `now`; `baseline` as for {@link Tally.observe}. */
  observe(record: DecisionRecord, now: Milliseconds, baseline: Usd | undefined): void;
  window(name: WindowName, now: Milliseconds): TrafficWindow | Promise<TrafficWindow>;
}

/**
 * Traffic over time, in memory: one tally every ten seconds, rolled up into minutes and those into hours. Bounded by the number of
 * spans kept. About half a microsecond a request.
 */
export class Traffic implements TrafficLog {
  private readonly levels = LEVELS.map(({ step, keep }) => ({
    step,
    keep,
    current: new Tally(Number.NEGATIVE_INFINITY),
    closed: [] as Tally[],
  }));

  constructor(private store?: TrafficStore) {}

  /** Counts a request that ended at wall time `now`. */
  observe(record: DecisionRecord, now: Milliseconds, baseline: Usd | undefined): void {
    this.advance(now);
    this.levels[0]!.current.observe(record, baseline);
  }

  /** Counts what others counted, as of wall time `now`. */
  add(tally: Tally, now: Milliseconds): void {
    this.advance(now);
    this.levels[0]!.current.plus(tally);
  }

  /** Takes up what was kept before, and keeps what follows. Spans that cannot be read are left out. */
  restore(store: TrafficStore, now: Milliseconds): void {
    this.store = store;
    const [, minutes, hours] = this.levels;
    const kept = this.levels.map(({ step, keep }) => read(store, step, now - step * keep));
    // A process that was killed has kept its last minutes, but not the hour that they belong to; and the hour under way is to have
    // the minute under way only when that has ended.
    const rebuilt = new Map<Milliseconds, Tally>();
    kept[2]!.delete(startOf(now, hours!.step));
    for (const tally of kept[1]!.values()) {
      if (tally.at === startOf(now, minutes!.step)) continue;
      const at = startOf(tally.at, hours!.step);
      rebuilt.set(at, (rebuilt.get(at) ?? new Tally(at)).plus(tally));
    }
    for (const [at, tally] of rebuilt) {
      if (tally.counts.requests > (kept[2]!.get(at)?.counts.requests ?? 0)) kept[2]!.set(at, tally);
    }
    for (const [index, level] of [minutes!, hours!].entries()) {
      const spans = kept[index + 1]!;
      const start = startOf(now, level.step);
      const open = spans.get(start);
      spans.delete(start);
      for (const tally of level.closed) spans.set(tally.at, tally);
      level.closed = [...spans.values()].sort((a, b) => a.at - b.at).slice(-level.keep);
      if (open === undefined) continue;
      if (level.current.at === start) level.current.plus(open);
      else if (level.current.counts.requests === 0) level.current = open;
    }
  }

  window(name: WindowName, now: Milliseconds): TrafficWindow {
    this.advance(now);
    const { level: index, points: count, group } = WINDOWS[name];
    const level = this.levels[index]!;
    const stepMs = level.step * group;
    const first = startOf(now, stepMs) - (count - 1) * stepMs;
    const points = Array.from({ length: count }, (_, i) => new Tally(first + i * stepMs));
    const total = new Tally(first);
    // What is not closed yet is in the current spans of this level and of those below.
    for (const tally of [...level.closed, ...this.levels.slice(0, index + 1).map(({ current }) => current)]) {
      const at = Math.floor((tally.at - first) / stepMs);
      if (!(at >= 0)) continue;
      points[Math.min(at, count - 1)]?.plus(tally);
      total.plus(tally);
    }
    return { stepMs, from: first, to: now, total, points };
  }

  /** Closes all spans, as at the end of the process: what they hold is kept. */
  close(): void {
    this.closeFrom(0, Number.POSITIVE_INFINITY);
    this.store = undefined;
  }

  private advance(now: Milliseconds): void {
    const { current, step } = this.levels[0]!;
    if (now - current.at >= step || now < current.at) this.closeFrom(0, now);
  }

  private closeFrom(index: number, now: Milliseconds): void {
    const level = this.levels[index];
    if (level === undefined) return;
    const { current, step, keep, closed } = level;
    const next = this.levels[index + 1];
    if (current.counts.requests > 0) {
      closed.push(current);
      if (closed.length > keep) closed.shift();
      if (index > 0) this.store?.keep(step, current.at, JSON.stringify(current), current.at - step * keep);
      if (next !== undefined) {
        const start = startOf(current.at, next.step);
        if (next.current.at !== start) this.closeFrom(index + 1, current.at);
        next.current.plus(current);
      }
    }
    level.current = new Tally(Number.isFinite(now) ? startOf(now, step) : Number.NEGATIVE_INFINITY);
    if (next !== undefined && (now === Number.POSITIVE_INFINITY || now - next.current.at >= next.step)) {
      this.closeFrom(index + 1, now);
    }
  }
}

function read(store: TrafficStore, step: Milliseconds, from: Milliseconds): Map<Milliseconds, Tally> {
  const tallies = new Map<Milliseconds, Tally>();
  for (const { at, bucket } of store.load(step, from)) {
    const tally = Tally.read(at, bucket);
    if (tally !== undefined) tallies.set(at, tally);
  }
  return tallies;
}

function startOf(now: Milliseconds, step: Milliseconds): Milliseconds {
  return Math.floor(now / step) * step;
}
