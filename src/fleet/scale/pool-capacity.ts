import { TARGET_UTILISATION } from '#fleet/closed-form/boundary-sweep.js';
import { LengthMix, type RequestLengths } from '#fleet/closed-form/length-mix.js';
import { forecastPool, type Offered, replicaCapacity } from '#fleet/closed-form/pool-model.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import type { CarriedLoad, LatencyBounds } from './carried-load.js';

/** What a pool carries, by how many replicas it has. */
export interface PoolCapacity {
  /** What so many replicas carry together, at least one; more of them carry no less. */
  carried(replicas: number): CarriedLoad;
}

/** Engines of one kind, that run `speed` times as fast as the real thing. */
export interface EngineKind {
  readonly profile: EngineProfile;
  readonly speed: number;
}

/** To a thousandth of what it keeps up with; each takes a millisecond or two, and gateways have other things to do. */
const HALVINGS = 10;
/** Requests that percentiles are taken over. */
const SAMPLED = 64;

/**
 * What replicas carry by the engine model: the highest rate at which the closed form of the planner ({@link forecastPool}, Poisson arrivals) keeps both
 * bounds, and no more than {@link TARGET_UTILISATION} of what they keep up with. A pool of many carries more than as many pools of one: it has one
 * queue, so that a prompt seldom finds all of them at work on others. Of kinds that differ each carries what it would in a pool of
 * as many of its own.
 *
 * @param kindAt the kind of a pool's first replica (0), its second and so on, of however many.
 * @returns `undefined` where a lone request on one of the first `replicas` does not keep the bounds.
 */
export function modelledPool(
  kindAt: (at: number) => EngineKind,
  replicas: number,
  requests: readonly RequestLengths[],
  bounds: LatencyBounds,
): PoolCapacity | undefined {
  const known = new Map<string, KindCapacity>();
  const of = (at: number): KindCapacity => {
    const { profile, speed } = kindAt(at);
    const key = `${profile.gpu} ${profile.tensorParallel} ${profile.totalBlocks} ${speed}`;
    const kind = known.get(key) ?? new KindCapacity(profile, speed, requests, bounds);
    known.set(key, kind);
    return kind;
  };
  for (let at = 0; at < Math.max(1, replicas); at++) if (!(of(at).each(1) > 0)) return undefined;
  return {
    carried(count) {
      let requestsPerSecond = 0;
      let bound: CarriedLoad['bound'] = 'utilisation';
      for (let at = 0; at < count; at++) {
        const kind = of(at);
        requestsPerSecond += kind.each(count);
        if (kind.boundAt(count) === 'latency') bound = 'latency';
      }
      return { requestsPerSecond, from: 'engine model', bound };
    },
  };
}

/** What one replica of a kind carries among others like it. */
class KindCapacity {
  private readonly demand: Omit<Offered, 'rate'>;
  private readonly capacity: number;
  /** Requests a second of one replica by utilisation, and by that and the time per token: no number of replicas changes these. */
  private readonly most: number;
  private readonly unqueued: number;
  /** Requests a second of one replica in pools of 1, 2, 3, 4, 6, 8, 12, … replicas, as far as they were asked for. */
  private readonly steps: number[] = [];

  constructor(
    private readonly profile: EngineProfile,
    private readonly speed: number,
    requests: readonly RequestLengths[],
    private readonly bounds: LatencyBounds,
  ) {
    const mix = new LengthMix(requests);
    this.demand = { moments: mix.moments(0, mix.size), sample: mix.sample(0, mix.size, SAMPLED), arrivalCv2: 1 };
    this.capacity = replicaCapacity(profile, this.demand);
    const most = TARGET_UTILISATION * this.capacity;
    this.most = most > 0 && Number.isFinite(most) ? most : 0;
    this.unqueued = highest(
      0,
      this.most,
      rate => (this.forecast(1, rate)?.tpotMs ?? Infinity) <= bounds.tpotMs * speed,
    );
  }

  /** Requests a second of one replica among so many. Between the steps that are computed it is taken to grow evenly. */
  each(replicas: number): number {
    let step = 0;
    while (sizeOf(step + 1) <= replicas && this.at(step) < this.unqueued) step++;
    const low = this.at(step);
    if (low >= this.unqueued || sizeOf(step) === replicas) return this.speed * low;
    const [from, to] = [sizeOf(step), sizeOf(step + 1)];
    return this.speed * (low + ((this.at(step + 1) - low) * (replicas - from)) / (to - from));
  }

  boundAt(replicas: number): 'latency' | 'utilisation' {
    return this.each(replicas) < this.speed * this.most ? 'latency' : 'utilisation';
  }

  private at(step: number): number {
    for (let next = this.steps.length; next <= step; next++) {
      const size = sizeOf(next);
      const inTime = (rate: number) =>
        (this.forecast(size, size * rate)?.p99TtftMs ?? Infinity) <= this.bounds.ttftP99Ms * this.speed;
      // What fewer carry each, each of more does.
      this.steps.push(highest(this.steps[next - 1] ?? 0, this.unqueued, inTime));
    }
    return this.steps[step]!;
  }

  private forecast(replicas: number, rate: number) {
    return forecastPool(this.profile, replicas, { ...this.demand, rate }, this.capacity);
  }
}

/** 1, 2, 3, 4, 6, 8, 12, 16, 24, … */
function sizeOf(step: number): number {
  if (step < 3) return step + 1;
  const half = Math.floor((step - 3) / 2);
  return (step % 2 === 1 ? 4 : 6) * 2 ** half;
}

/** The highest rate that is kept, given that what is kept at one is at all below, and that `from` is. */
function highest(from: number, most: number, keeps: (rate: number) => boolean): number {
  if (most <= from || keeps(most)) return Math.max(from, most);
  let [low, high] = [from, most];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (keeps(middle)) low = middle;
    else high = middle;
  }
  return low;
}
