import type { Milliseconds } from '#contract/units.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { LatencyBounds } from '#fleet/scale/carried-load.js';
import { forecastLoad, LOAD_FORECASTERS, type LoadForecast } from '#fleet/scale/load-forecast.js';
import { bounded } from '#fleet/scale/needed-replicas.js';
import { modelledPool, type PoolCapacity } from '#fleet/scale/pool-capacity.js';
import { RecentLengths } from '#fleet/scale/recent-lengths.js';
import { recommend } from '#fleet/scale/recommendation.js';
import { ScaleDownHold } from '#fleet/scale/scale-down-hold.js';
import type { AutoscaleSettings } from '#fleet/schema.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { type CountSeries, SpanCounts } from '#workload/forecast/count-series.js';
import type { Scalable, ScalingRule } from './pool-scaling.js';

/** Spans of ten seconds that the load of now is taken over, as live. */
const SPAN: Milliseconds = 10_000;
const SPANS = 6;
const WINDOW: Milliseconds = 300_000;
const HOUR: Milliseconds = 3_600_000;
/** A day of windows of five minutes, and a week of hours. */
const [WINDOWS, HOURS] = [288, 168];

export interface LoadRulePorts {
  readonly pool: Scalable;
  /** Of the replicas that are there, in their order, and of one that is added. */
  readonly profiles: () => { readonly there: readonly EngineProfile[]; readonly added: EngineProfile };
  readonly latency: LatencyBounds;
  /** Requests that a replica may have at once. */
  readonly places: number;
  /** What came before the trace began. */
  readonly before: CountSeries | undefined;
}

/**
 * Replicas as the gateway recommends them ({@link recommend}): by the load of now and what is on the replicas, and by a forecast as far ahead as a
 * replica takes to start. While too few requests have been answered nothing is changed.
 */
export class LoadRule implements ScalingRule {
  private readonly lengths = new RecentLengths();
  private readonly spans = new SpanCounts(SPAN, SPANS);
  private readonly windows: SpanCounts;
  private readonly hours = new SpanCounts(HOUR, HOURS);
  private readonly hold = new ScaleDownHold();
  private readonly windowMs: Milliseconds;
  /** What is computed once a window. */
  private known: { readonly window: number; readonly forecast: LoadForecast | undefined } | undefined;
  private carried: { readonly window: number; readonly capacity: PoolCapacity | undefined } | undefined;

  constructor(
    private readonly settings: AutoscaleSettings,
    private readonly ports: LoadRulePorts,
  ) {
    this.windowMs = settings.window ?? WINDOW;
    this.windows = new SpanCounts(this.windowMs, WINDOWS);
    const { from, stepMs, counts } = ports.before ?? { from: 0, stepMs: 1, counts: [] };
    for (const [i, count] of counts.entries()) this.count(from + i * stepMs, count);
  }

  ended(now: Milliseconds, lengths: RequestLengths | undefined): void {
    this.spans.add(now, 1);
    this.count(now, 1);
    if (lengths !== undefined) this.lengths.add(lengths);
  }

  decide(now: Milliseconds, total: number, serving: number): number {
    const { min, max, cool_down } = this.settings;
    const { pool, places } = this.ports;
    const scale = { min, max, hold: cool_down };
    if (!this.hold.begun) this.hold.look(serving, now, cool_down);
    const capacity = this.capacityAt(now);
    if (capacity === undefined) return bounded(total, scale).replicas;
    const { counts } = this.spans.whole(now);
    const loadPerSecond = (1000 * counts.reduce((sum, count) => sum + count, 0)) / (SPANS * SPAN);
    const facts = { loadPerSecond, forecast: this.forecastAt(now), capacity, requests: pool.demand, places, scale };
    return recommend(facts, this.hold, now).replicas;
  }

  private count(at: Milliseconds, count: number): void {
    this.windows.add(at, count);
    this.hours.add(at, count);
  }

  private capacityAt(now: Milliseconds): PoolCapacity | undefined {
    if (this.lengths.few) return undefined;
    const window = Math.floor(now / this.windowMs);
    if (this.carried?.window !== window) {
      const { there, added } = this.ports.profiles();
      const kindAt = (at: number) => ({ profile: there[at] ?? added, speed: 1 });
      this.carried = { window, capacity: modelledPool(kindAt, there.length, this.lengths.all, this.ports.latency) };
    }
    return this.carried.capacity;
  }

  private forecastAt(now: Milliseconds): LoadForecast | undefined {
    const { by, start } = this.settings;
    if (by !== 'forecast' && by !== 'last-value') return undefined;
    const window = Math.floor(now / this.windowMs);
    if (this.known?.window !== window) {
      const seen = { windows: this.windows.whole(now), hours: this.hours.whole(now) };
      this.known = { window, forecast: forecastLoad(seen, start, LOAD_FORECASTERS[by]) };
    }
    return this.known.forecast;
  }
}
