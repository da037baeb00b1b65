import { WeirError } from '#contract/errors.js';
import { BUILT_IN } from '#fleet/catalogue.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import { type ArrivalShape, arrivalShape } from '#workload/shape/arrivals.js';
import { reuseDistances } from '#workload/shape/reuse-distances.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { arrivalPatterns } from './arrival-patterns.js';
import { cachedLengths } from './cached-lengths.js';
import { type Candidate, candidates, type PlannedPool, poolSizer } from './candidates.js';
import { disaggregatedCandidates } from './disaggregated.js';
import { type TierWish, withTiers } from './memory-tiers.js';
import type { PlanOptions } from './plan-options.js';
import { type ReplicaKind, replicaKinds } from './replica-kinds.js';
import type { SettledFleet } from './report.js';
import { type Settling, settle } from './settle.js';
import { fleetOf, poolKey } from './settled-fleet.js';
import { fleetsWithLess, type LesserFleet } from './tier-effects.js';

/** What was found at one rate. */
export interface FoundFleets {
  /** Requests a second. */
  readonly rate: number;
  /** What the closed form had within the SLO, the cheapest first. */
  readonly proposed: readonly Candidate[];
  /** What held in the twin, the cheapest first. */
  readonly held: readonly SettledFleet[];
  /** The cheapest that held with all the memory behind its GPUs that was wished for. */
  readonly whole: SettledFleet | undefined;
  /** The same with less of that memory. */
  readonly less: readonly LesserFleet[];
  /** What was played. */
  readonly patterns: readonly (readonly TraceRequest[])[];
  /** Requests that the twin played, fleets and patterns together. */
  readonly played: number;
}

/** The search for fleets, at any rate. */
export interface FleetSearch {
  readonly shape: ArrivalShape;
  readonly mix: LengthMix;
  /** What replicas may be, without memory behind their GPUs. */
  readonly kinds: readonly ReplicaKind[];
  /** Squared coefficient of variation of the gaps between arrivals that the closed form is asked with. */
  readonly arrivalCv2: number;
  /** The same rate gives the same fleets. */
  at(rate: number): FoundFleets;
}

/** Arrival patterns that a fleet is played over. */
export const SEEDS = 3;
/** Ways of using GPUs that are played in the twin at most: undivided, and divided by length. */
const MOST_WHOLE = 4;
const MOST_DIVIDED = 3;
/** Divisions at other places that are played of the cheapest way of dividing. */
const MORE_BOUNDARIES = 1;
/** Fleets with prefill replicas that are played, and kinds of replica that they are made of. */
const MOST_APART = 2;
const MOST_KINDS_APART = 4;
/** What the screen puts above so many times the cheapest fleet that held is not played. */
const FAR_DEARER = 1.5;
/** Requests of one arrival pattern; of a longer trace its busiest stretch and others are played. */
const MOST_OF_PATTERN = 20_000;

/**
 * The search for the cheapest fleet: the closed form screens; the twin plays what it proposes, 3 arrival patterns each, adds replicas to pools that
 * miss and takes them from pools that hold.
 *
 * @throws WeirError `config.range` when the model fits none of the GPUs.
 */
export function fleetSearch(options: PlanOptions): FleetSearch {
  const { requests, slo, model, gpus, seed, progress, catalogue = BUILT_IN } = options;
  const { weights, kvCache, price = { kind: 'on_demand' } } = options;
  const shape = arrivalShape(requests);
  const longest = requests.reduce((most, r) => Math.max(most, r.promptTokens + r.outputTokens), 1) + 1;
  const precision = { ...(weights && { weights }), ...(kvCache && { kvCache }) };
  const plain = replicaKinds({ model, gpus, longest, catalogue, price, precision });
  const mix = new LengthMix(requests);
  const distances = reuseDistances(requests);
  const arrivalCv2 = Math.max(1, shape.interarrivalCv2);
  const seeds = Array.from({ length: SEEDS }, (_, i) => seed + i);
  const at = (rate: number): FoundFleets => {
    if (!(rate > 0)) {
      throw new WeirError('config.range', 'The trace has no rate.', { path: 'rate', hint: 'requests a second' });
    }
    const kindWith = ({ profile }: ReplicaKind, tiers: TierWish | undefined): ReplicaKind => {
      const bare = plain.find(one => one.profile === profile)!;
      const kind = tiers === undefined ? bare : withTiers(bare, tiers);
      return distances === undefined
        ? kind
        : { ...kind, mix: new LengthMix(cachedLengths(requests, distances, kind, rate)) };
    };
    const kinds = plain.map(kind => kindWith(kind, options.tiers));
    progress?.(`${kinds.length} kinds of replica; the closed form screens`);
    const proposed = candidates(mix, kinds, rate, arrivalCv2, slo);
    const apart =
      options.disaggregate === undefined
        ? []
        : disaggregatedCandidates(
            ...([
              requests,
              kindsOf(proposed, kinds),
              distances,
              rate,
              arrivalCv2,
              slo,
              options.disaggregate.link,
            ] as const),
          ).slice(0, MOST_APART);
    const patterns = arrivalPatterns(requests, rate / shape.rate, seeds, MOST_OF_PATTERN);
    const held: SettledFleet[] = [];
    const settling = new Map<string, Settling>();
    const settled = (pool: PlannedPool): Settling => {
      const key = poolKey(pool);
      const found = settling.get(key) ?? settle(pool, patterns, slo, progress);
      settling.set(key, found);
      return found;
    };
    for (const [i, candidate] of [...chosen(proposed), ...apart].entries()) {
      if (candidate.usdPerHour > FAR_DEARER * Math.min(...held.map(({ usdPerHour }) => usdPerHour))) continue;
      progress?.(`fleet ${i + 1}: ${describe(candidate)}`);
      const fleet = fleetOf(candidate.pools, settled);
      if (fleet !== undefined) held.push(fleet);
    }
    const whole = held.sort(cheaper)[0];
    const size = poolSizer(mix, rate, arrivalCv2, slo);
    const less =
      options.tiers === undefined || whole?.pools.every(({ pool }) => pool.kind.tiers !== undefined) !== true
        ? []
        : fleetsWithLess(
            ...([whole.pools.map(({ pool }) => pool), options.tiers, mix, kindWith, size, settled, progress] as const),
          );
    for (const { fleet } of less) if (fleet !== undefined) held.push(fleet);
    held.sort(cheaper);
    const played = [...settling.values()].reduce((sum, settling) => sum + settling.played, 0);
    return { rate, proposed, held, whole, less, patterns, played };
  };
  return { shape, mix, kinds: plain, arrivalCv2, at };
}

/** The cheapest first; of equal prices the one with fewer pools, then the one with less behind its GPUs. */
function cheaper(a: SettledFleet, b: SettledFleet): number {
  const tiers = ({ pools }: SettledFleet) =>
    pools.reduce((sum, { pool: { kind } }) => sum + Object.keys(kind.tiers?.wish ?? {}).length, 0);
  return a.usdPerHour - b.usdPerHour || a.pools.length - b.pools.length || tiers(a) - tiers(b);
}

/** Kinds of the cheapest fleets, the only ones that are worth a look at apart. */
function kindsOf(proposed: readonly Candidate[], kinds: readonly ReplicaKind[]): readonly ReplicaKind[] {
  const used = new Set(proposed.flatMap(({ pools }) => pools.map(({ kind }) => kind)));
  return (used.size === 0 ? kinds : [...used]).slice(0, MOST_KINDS_APART);
}

/** What is played: the cheapest of each way of using GPUs, so that what is verified differs, and more divisions of the cheapest way. */
function chosen(proposed: readonly Candidate[]): readonly Candidate[] {
  const wayOf = ({ pools }: Candidate) =>
    pools.map(({ kind }) => `${kind.profile.gpu}×${kind.profile.tensorParallel}`).join('+');
  const seen = new Set<string>();
  const firsts = proposed.filter(candidate => !seen.has(wayOf(candidate)) && seen.add(wayOf(candidate)));
  const divided = firsts.filter(({ pools }) => pools.length > 1).slice(0, MOST_DIVIDED);
  const others =
    divided[0] === undefined
      ? []
      : proposed.filter(candidate => wayOf(candidate) === wayOf(divided[0]!) && candidate !== divided[0]);
  const whole = firsts.filter(({ pools }) => pools.length === 1).slice(0, MOST_WHOLE);
  return [...whole, ...divided, ...others.slice(0, MORE_BOUNDARIES)];
}

function describe({ pools, usdPerHour }: Candidate): string {
  const named = pools.map(({ kind, replicas, prefill }) => {
    const prompts =
      prefill === undefined
        ? ''
        : `, prompts on ${prefill.replicas} × ${prefill.kind.profile.tensorParallel} ${prefill.kind.profile.gpu}`;
    return `${replicas} × ${kind.profile.tensorParallel} ${kind.profile.gpu}${prompts}`;
  });
  return `${named.join(' + ')}, $${usdPerHour.toFixed(2)}/h`;
}
