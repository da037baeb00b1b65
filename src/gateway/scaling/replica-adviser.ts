import type { Cancel, Clock } from '#contract/clock.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import type { RequestLengths } from '#fleet/closed-form/length-mix.js';
import type { LatencyBounds } from '#fleet/scale/carried-load.js';
import { forecastLoad, type LoadForecast } from '#fleet/scale/load-forecast.js';
import { alikeEach, measuredCapacity } from '#fleet/scale/measured-capacity.js';
import { type EngineKind, modelledPool, type PoolCapacity } from '#fleet/scale/pool-capacity.js';
import { RecentLengths, tooFew } from '#fleet/scale/recent-lengths.js';
import { type NoAdvice, type PoolAdvice, recommend } from '#fleet/scale/recommendation.js';
import { ScaleDownHold } from '#fleet/scale/scale-down-hold.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Standing } from '#gateway/standing.js';
import type { PoolEntry } from '#pool/schema.js';
import { hardwareOf } from '#pool/topology/hardware.js';
import type { PoolStatus } from '#pool/topology/snapshot.js';
import type { TrafficLog, TrafficWindow } from '#telemetry/traffic/traffic.js';
import { type CountSeries, sinceFirst } from '#workload/forecast/count-series.js';

/** How often the load of now is looked at, and how often forecasts and what the engine model says are computed anew. */
const EVERY_MS = 60_000;
const WINDOW_MS = 300_000;
/** Spans of ten seconds that the load of now is taken over: a minute. */
const SPANS = 6;

export type PoolRecommendation = { readonly pool: string; readonly available: number } & (
  | { readonly advice: PoolAdvice; readonly none?: undefined }
  | { readonly advice?: undefined; readonly none: NoAdvice }
);

/** Lengths of the newest requests that a process answered, by pool. */
export type SeenLengths = Readonly<Record<string, readonly RequestLengths[]>>;

/** What the adviser sees. Traffic, standing and lengths are those of all processes that answer on one port: whichever of them looks, it is for all. */
export interface AdviserPorts {
  readonly runtime: () => Runtime;
  readonly standing: () => Promise<Pick<Standing, 'pools' | 'processes'>>;
  /** What each of them has seen. */
  readonly lengths: () => Promise<readonly SeenLengths[]>;
  readonly traffic: TrafficLog;
  readonly clock: Clock;
}

/** What is known only of one pool, and outlives a look. */
interface Memory {
  readonly hold: ScaleDownHold;
  readonly lengths: RecentLengths;
  modelled: { readonly key: string; readonly capacity: PoolCapacity | NoAdvice | undefined } | undefined;
}

/** Recommends, once a minute, how many replicas each pool is to have. It acts on nothing: that is an autoscaler's business. */
export class ReplicaAdviser {
  private found: readonly PoolRecommendation[] = [];
  private readonly pools = new Map<string, Memory>();
  private forecasts: { readonly window: number; readonly pools: ReadonlyMap<string, LoadForecast> } | undefined;
  private next: Cancel | undefined;

  constructor(private readonly ports: AdviserPorts) {}

  /** As of the last look, of the pools that there still are; none before the first. */
  get recommendations(): readonly PoolRecommendation[] {
    const { pools } = this.ports.runtime().config.pool;
    return this.found.filter(({ pool }) => Object.hasOwn(pools, pool));
  }

  observe({ outcome: { status, pool, usage } }: DecisionRecord): void {
    if (status !== 'answered' || pool === '' || usage === undefined) return;
    const { promptTokens, completionTokens, cachedTokens } = usage;
    this.memoryOf(pool).lengths.add({ promptTokens, outputTokens: completionTokens, cachedTokens });
  }

  /** Lengths of the newest requests that this process answered, at most so many of each pool. */
  lengths(most: number): SeenLengths {
    return Object.fromEntries([...this.pools].map(([pool, { lengths }]) => [pool, lengths.newest(most)]));
  }

  /** Looks once a minute from now on. */
  start(): void {
    this.next = this.ports.clock.after(EVERY_MS, () => {
      this.look()
        .catch((error: unknown) => this.ports.runtime().log.error('no replicas could be recommended', { error }))
        .finally(() => {
          if (this.next !== undefined) this.start();
        });
    });
  }

  stop(): void {
    this.next?.();
    this.next = undefined;
  }

  /** Looks at load and capacity now. Gives way to other work between pools. */
  async look(): Promise<void> {
    const { clock } = this.ports;
    const wall = clock.wall();
    const { pools } = this.ports.runtime().config.pool;
    for (const name of this.pools.keys()) if (!(name in pools)) this.pools.delete(name);
    const loads = await this.loadsNow(wall);
    const forecasts = await this.forecastsAt(wall, pools);
    const found: PoolRecommendation[] = [];
    const standing = await this.ports.standing();
    const seen = await this.ports.lengths();
    for (const status of standing.pools) {
      const { name, available, limit } = status;
      const entry = pools[name];
      if (entry === undefined) continue;
      const places = available > 0 && limit > 0 ? limit / available : entry.concurrency * standing.processes;
      const requests = seen.flatMap(lengths => lengths[name] ?? []);
      const capacity = this.capacityOf(status, entry, { requests, places, window: Math.floor(wall / WINDOW_MS) });
      if (typeof capacity !== 'string') await warmed(capacity, available);
      if (typeof capacity === 'string') found.push({ pool: name, available, none: capacity });
      else {
        const facts = {
          ...{ capacity, loadPerSecond: loads.get(name) ?? 0, forecast: forecasts.get(name), scale: entry.scale },
          ...{ requests: status.inFlight + status.queued, places },
        };
        found.push({ pool: name, available, advice: recommend(facts, this.holdOf(status, entry), clock.now()) });
      }
      await breath();
    }
    this.found = found;
  }

  /** Requests a second by pool over the last whole spans. */
  private async loadsNow(wall: Milliseconds): Promise<ReadonlyMap<string, number>> {
    const { points, stepMs } = await this.ports.traffic.window('15m', wall);
    const sums = new Map<string, number>();
    for (const { pools } of points.slice(-SPANS - 1, -1)) {
      for (const [name, { requests }] of pools) sums.set(name, (sums.get(name) ?? 0) + requests);
    }
    return new Map([...sums].map(([name, sum]) => [name, (1000 * sum) / (SPANS * stepMs)]));
  }

  /** By pool; computed anew once the window has ended in which it was. */
  private async forecastsAt(
    wall: Milliseconds,
    entries: Readonly<Record<string, PoolEntry>>,
  ): Promise<ReadonlyMap<string, LoadForecast>> {
    const window = Math.floor(wall / WINDOW_MS);
    if (this.forecasts?.window === window) return this.forecasts.pools;
    const day = await this.ports.traffic.window('24h-fine', wall);
    const week = await this.ports.traffic.window('7d', wall);
    const pools = new Map<string, LoadForecast>();
    for (const [name, { scale }] of Object.entries(entries)) {
      const seen = { windows: seriesOf(name, day), hours: seriesOf(name, week) };
      const expected = forecastLoad(seen, scale.start);
      if (expected !== undefined) pools.set(name, expected);
      await breath();
    }
    this.forecasts = { window, pools };
    return pools;
  }

  private capacityOf(
    status: PoolStatus,
    entry: PoolEntry,
    { requests, places, window }: { requests: readonly RequestLengths[]; places: number; window: number },
  ): PoolCapacity | NoAdvice {
    const { config, pool, embedding } = this.ports.runtime();
    const { name } = status;
    if (entry.cloud !== undefined) return 'cloud';
    if (embedding.has(entry.model)) return 'embedding';
    const prefills = Object.values(config.pool.pools).some(({ prefill }) => prefill?.pool === name);
    if (entry.prefill !== undefined || prefills) return 'disaggregated';
    const memory = this.memoryOf(name);
    if (tooFew(requests)) return 'few_requests';
    const key = `${window} ${config.version}`;
    if (memory.modelled?.key !== key) {
      memory.modelled = { key, capacity: this.modelled(status, entry, requests) };
    }
    const { capacity } = memory.modelled;
    if (capacity !== undefined) return capacity;
    const rates = {
      prefillRate: pool.read(`${name}.prefill_rate`),
      tpotMs: status.tpotMs,
      places,
    };
    const measured = measuredCapacity(rates, requests, this.latency);
    return measured === undefined ? 'unknown_speed' : alikeEach(measured);
  }

  /**
   * By the engine model: its replicas in the order of the file, each by its own hardware, and beyond them more of the pool's; `undefined` where the
   * hardware of one is not described.
   */
  private modelled(
    { contextTokens }: PoolStatus,
    entry: PoolEntry,
    requests: readonly RequestLengths[],
  ): PoolCapacity | NoAdvice | undefined {
    const kinds: EngineKind[] = [];
    for (const replica of entry.replicas ?? [{}]) {
      const { forecast, speed } = hardwareOf(entry, replica, contextTokens);
      if (forecast === undefined) return undefined;
      kinds.push({ profile: forecast.profile, speed });
    }
    const { forecast, speed } = hardwareOf(entry, {}, contextTokens);
    const more = forecast === undefined ? kinds.at(-1)! : { profile: forecast.profile, speed };
    const kindAt = (at: number) => kinds[at] ?? more;
    return modelledPool(kindAt, kinds.length, requests, this.latency) ?? 'objective_out_of_reach';
  }

  private get latency(): LatencyBounds {
    const { ttft_p99, tpot_p99 } = this.ports.runtime().config.workload.slo;
    return { ttftP99Ms: ttft_p99, tpotMs: tpot_p99 };
  }

  private memoryOf(pool: string): Memory {
    let memory = this.pools.get(pool);
    if (memory === undefined) {
      memory = { hold: new ScaleDownHold(), lengths: new RecentLengths(), modelled: undefined };
      this.pools.set(pool, memory);
    }
    return memory;
  }

  /** A hold that begins with the replicas that are there: nobody knows yet for how long fewer have been enough. */
  private holdOf({ name, available }: PoolStatus, { scale }: PoolEntry): ScaleDownHold {
    const { hold } = this.memoryOf(name);
    if (!hold.begun) hold.look(available, this.ports.clock.now(), scale.hold);
    return hold;
  }
}

/** Requests of a pool in the spans of a window that have ended, from its first on. */
function seriesOf(pool: string, { points, stepMs, from }: TrafficWindow): CountSeries {
  const counts = points.slice(0, -1).map(({ pools }) => pools.get(pool)?.requests ?? 0);
  return sinceFirst({ from, stepMs, counts });
}

/** Has what so many replicas carry computed ahead, with other work between: what is asked for after that is known. */
async function warmed(capacity: PoolCapacity, replicas: number): Promise<void> {
  for (let count = 1; count < 2 * replicas; count *= 2) {
    capacity.carried(count);
    await breath();
  }
}

function breath(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
