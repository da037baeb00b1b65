import type { Tokens, Usd } from '#contract/units.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import { TARGET_UTILISATION } from './boundary-sweep.js';
import { replicaCapacity } from './capacity.js';
import type { LengthMix } from './length-mix.js';

/** What replicas of a pool may be. */
export interface KindOffered {
  readonly profile: EngineProfile;
  readonly usdPerHour: Usd;
  /** The requests as its caches leave them to it, in the order of the mix; those of the mix unless said. */
  readonly mix?: LengthMix | undefined;
}

export interface SizedPool<Kind extends KindOffered> {
  readonly kind: Kind;
  readonly replicas: number;
  /** Requests of more than `above` and at most `upTo` tokens; infinite for the last pool. */
  readonly above: Tokens;
  readonly upTo: Tokens;
  /** Those requests in the mix, from and up to. */
  readonly from: number;
  readonly to: number;
  /** Replicas that the rate takes at full utilisation. */
  readonly load: number;
}

export interface SizedFleet<Kind extends KindOffered> {
  readonly pools: readonly SizedPool<Kind>[];
  readonly usdPerHour: Usd;
}

/** Places at which a first division may be, and how often each is then moved by a quarter of what it was moved by before. */
const PLACES = 32;
const REFINEMENTS = 4;
const SCREEN_SAMPLE = 12;
const SCREEN_HALVINGS = 14;

/**
 * The cheapest fleets of one pool, two pools and so on up to `mostPools`, by context length, at {@link TARGET_UTILISATION}: each pool of whichever
 * kind is cheapest for its requests, so that kinds may be mixed in a fleet. Dynamic programming over places between requests, then each
 * boundary is moved as long as that saves; boundaries lie between any two requests. A screen for the twin, with no queueing in it.
 *
 * @param rate requests a second of the whole mix.
 * @returns for each number of pools the fleet, if some division has as many pools with requests in them.
 */
export function sizeFleets<Kind extends KindOffered>(
  mix: LengthMix,
  kinds: readonly Kind[],
  rate: number,
  mostPools: number,
): readonly SizedFleet<Kind>[] {
  const sizer = new Sizer(mix, kinds, rate);
  const places = placesOf(mix);
  const last = places.length - 1;
  const fleets: SizedFleet<Kind>[] = [];
  // best[j]: the cheapest way to serve requests up to place j with as many pools as the round says; cuts as indices of places.
  let best = places.map((to, j) => ({ cost: j === 0 ? 0 : sizer.cost(0, to), cuts: [0, j] }));
  for (let pools = 1; pools <= mostPools; pools++) {
    const whole = best[last]!;
    if (Number.isFinite(whole.cost))
      fleets.push(
        refined(
          sizer,
          whole.cuts.map(cut => places[cut]!),
        ),
      );
    best = best.map((_, j) => {
      let found = { cost: Number.POSITIVE_INFINITY, cuts: [] as number[] };
      for (let i = pools; i < j; i++) {
        const before = best[i]!;
        if (before.cost >= found.cost) continue;
        const cost = before.cost + sizer.cost(places[i]!, places[j]!);
        if (cost < found.cost) found = { cost, cuts: [...before.cuts, j] };
      }
      return found;
    });
  }
  return fleets;
}

/** Moves each boundary in ever smaller steps while that makes the fleet cheaper. */
function refined<Kind extends KindOffered>(sizer: Sizer<Kind>, start: readonly number[]): SizedFleet<Kind> {
  const cuts = [...start];
  let step = Math.max(1, Math.floor(cuts.at(-1)! / PLACES / 2));
  for (let round = 0; round < REFINEMENTS; round++, step = Math.max(1, Math.floor(step / 4))) {
    for (let at = 1; at < cuts.length - 1; at++) {
      for (const move of [-step, step]) {
        for (;;) {
          const [before, here, after] = [cuts[at - 1]!, sizer.between(cuts[at]! + move), cuts[at + 1]!];
          if (here <= before || here >= after || here === cuts[at]) break;
          const now = sizer.worth(before, cuts[at]!) + sizer.worth(cuts[at]!, after);
          if (sizer.worth(before, here) + sizer.worth(here, after) >= now) break;
          cuts[at] = here;
        }
      }
    }
  }
  const pools = cuts.slice(1).map((to, i) => sizer.pool(cuts[i]!, to)!);
  return { pools, usdPerHour: pools.reduce((sum, { replicas, kind }) => sum + replicas * kind.usdPerHour, 0) };
}

/** Sizes slices of a mix, each once. */
class Sizer<Kind extends KindOffered> {
  private readonly known = new Map<number, SizedPool<Kind> | undefined>();

  constructor(
    private readonly mix: LengthMix,
    private readonly kinds: readonly Kind[],
    private readonly rate: number,
  ) {}

  /** The next place at or after one that divides requests of different lengths. */
  between(place: number): number {
    const { mix } = this;
    if (place <= 0) return 0;
    return place >= mix.size ? mix.size : mix.upTo(mix.totals[place - 1]!);
  }

  cost(from: number, to: number): Usd {
    const pool = this.pool(from, to);
    return pool === undefined ? Number.POSITIVE_INFINITY : pool.replicas * pool.kind.usdPerHour;
  }

  /** The cost, and a little for how full the last replica is: of equal costs, the one with more room is better. */
  worth(from: number, to: number): number {
    const pool = this.pool(from, to);
    return pool === undefined ? Number.POSITIVE_INFINITY : (pool.replicas + 1e-3 * pool.load) * pool.kind.usdPerHour;
  }

  pool(from: number, to: number): SizedPool<Kind> | undefined {
    const key = from * (this.mix.size + 1) + to;
    if (!this.known.has(key)) this.known.set(key, this.cheapest(from, to));
    return this.known.get(key);
  }

  private cheapest(from: number, to: number): SizedPool<Kind> | undefined {
    const { mix, rate } = this;
    if (to <= from) return undefined;
    const longest = mix.totals[to - 1]!;
    const offered = (rate * (to - from)) / mix.size;
    let best: SizedPool<Kind> | undefined;
    for (const kind of this.kinds) {
      const { contextTokens, totalBlocks, blockTokens } = kind.profile;
      if (longest > Math.min(contextTokens, totalBlocks * blockTokens)) continue;
      const own = kind.mix ?? mix;
      const demand = { moments: own.moments(from, to), sample: own.sample(from, to, SCREEN_SAMPLE) };
      const capacity = replicaCapacity(kind.profile, demand, SCREEN_HALVINGS);
      if (!(capacity > 0)) continue;
      const load = offered / capacity;
      const replicas = Math.max(1, Math.ceil(load / TARGET_UTILISATION - 1e-9));
      if (best !== undefined && replicas * kind.usdPerHour >= best.replicas * best.kind.usdPerHour) continue;
      const above = from === 0 ? 0 : mix.totals[from - 1]!;
      best = { kind, replicas, above, upTo: to === mix.size ? Number.POSITIVE_INFINITY : longest, from, to, load };
    }
    return best;
  }
}

/** Places between requests of different lengths, the tail in finer steps than the rest: half by requests, half by their tokens. */
function placesOf(mix: LengthMix): readonly number[] {
  let tokens = 0;
  const sums = mix.totals.map(total => {
    tokens += total;
    return tokens;
  });
  const places = new Set([0, mix.size]);
  let at = 0;
  for (let i = 1; i < PLACES / 2; i++) {
    const share = (2 * i) / PLACES;
    while (at < mix.size && sums[at]! < share * tokens) at++;
    for (const index of [Math.floor(share * mix.size), at]) {
      if (index > 0 && index < mix.size) places.add(mix.upTo(mix.totals[index - 1]!));
    }
  }
  return [...places].sort((a, b) => a - b);
}
