import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { BUILT_IN, type Catalogue, type PriceWish } from '#fleet/catalogue.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import { arrivalShape } from '#workload/shape/arrivals.js';
import { reuseDistances } from '#workload/shape/reuse-distances.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { arrivalPatterns } from './arrival-patterns.js';
import { type BuyingWish, buyingOf, DEFAULT_TARGET, DEFAULT_UP } from './buying.js';
import { cachedLengths } from './cached-lengths.js';
import { type Candidate, candidates, type PlannedPool, poolSizer, type Slo } from './candidates.js';
import { disaggregatedCandidates } from './disaggregated.js';
import { type TierWish, withTiers } from './memory-tiers.js';
import { type OverTime, planOverTime } from './over-time.js';
import { lengthsOf, rateOf, sharesOf } from './planned-workload.js';
import { powerCuts } from './power-cuts.js';
import { reasons } from './reasons.js';
import { type ReplicaKind, replicaKinds } from './replica-kinds.js';
import { fleetReport, type PlanReport, type SettledFleet, undominated } from './report.js';
import { type Settling, settle } from './settle.js';
import { fleetOf, poolKey } from './settled-fleet.js';
import { stress } from './stress.js';
import { fleetsWithLess, tierNames } from './tier-effects.js';

export interface PlanOptions {
  /** With times; in order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Requests a second; the trace's own unless said. */
  readonly rate?: number;
  readonly model: string;
  readonly gpus: readonly string[];
  /** What the weights are: what the model is published in unless said. */
  readonly weights?: WeightPrecision;
  /** What the KV cache is: 16 bits unless said. */
  readonly kvCache?: KvPrecision;
  readonly slo: Slo;
  readonly seed: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly catalogue?: Catalogue;
  /** On demand unless said. */
  readonly price?: PriceWish;
  /** How machines may be bought; without spot unless said. */
  readonly buying?: Omit<BuyingWish, 'provider'>;
  /** Also plan fleets whose prompts are computed on replicas of their own, with so many gigabytes of KV a second between them. */
  readonly disaggregate?: { readonly link: number };
  /** Memory that keeps KV behind the GPUs. */
  readonly tiers?: TierWish;
  /** Plan a fleet that is sized and divided anew every so often. */
  readonly overTime?: { readonly windowMs: Milliseconds; readonly compressible: number };
  readonly progress?: (text: string) => void;
}

const SEEDS = 3;
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
/** Up to here, and with arrivals this even, the closed form is within 30 % of the twin (docs/planning.md). */
const TRUSTED_UTILISATION = 0.8;
const TRUSTED_CV2 = 2;

/**
 * The cheapest fleet for a trace under an SLO. The closed form screens; the twin plays what it proposes, 3 arrival patterns
 * each, adds replicas to pools that miss and takes them from pools that hold, and only what held is reported.
 *
 * @throws WeirError `config.range` when the model fits none of the GPUs or no rate is known.
 */
export function planFleet(options: PlanOptions): PlanReport {
  const { requests, slo, model, clock, seed, progress, catalogue = BUILT_IN } = options;
  const startedAt = clock.now();
  const shape = arrivalShape(requests);
  const rate = options.rate ?? shape.rate;
  if (!(rate > 0))
    throw new WeirError('config.range', 'The trace has no rate.', {
      path: 'rate',
      hint: 'requests a second',
    });
  const longest = requests.reduce((most, r) => Math.max(most, r.promptTokens + r.outputTokens), 1) + 1;
  const { weights, kvCache, price = { kind: 'on_demand' } } = options;
  const precision = { ...(weights && { weights }), ...(kvCache && { kvCache }) };
  const plain = replicaKinds({ model, gpus: options.gpus, longest, catalogue, price, precision });
  const mix = new LengthMix(requests);
  const distances = reuseDistances(requests);
  const kindWith = ({ profile }: ReplicaKind, tiers: TierWish | undefined): ReplicaKind => {
    const bare = plain.find(one => one.profile === profile)!;
    const kind = tiers === undefined ? bare : withTiers(bare, tiers);
    return distances === undefined
      ? kind
      : { ...kind, mix: new LengthMix(cachedLengths(requests, distances, kind, rate)) };
  };
  const kinds = plain.map(kind => kindWith(kind, options.tiers));
  progress?.(`${kinds.length} kinds of replica; the closed form screens`);
  const arrivalCv2 = Math.max(1, shape.interarrivalCv2);
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
  const seeds = Array.from({ length: SEEDS }, (_, i) => seed + i);
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
  held.sort(cheaper);
  const whole = held[0];
  const size = poolSizer(mix, rate, arrivalCv2, slo);
  const less =
    options.tiers === undefined || whole?.pools.every(({ pool }) => pool.kind.tiers !== undefined) !== true
      ? []
      : fleetsWithLess(pooled(whole), options.tiers, mix, kindWith, size, settled, progress);
  for (const { fleet } of less) if (fleet !== undefined) held.push(fleet);
  held.sort(cheaper);
  const shareOf = sharesOf(requests);
  const reportOf = (fleet: SettledFleet) => fleetReport(fleet, SEEDS, shareOf);
  const reports = held.map(reportOf);
  const effects = [...less, { tiers: tierNames(options.tiers), fleet: whole }].map(({ tiers, fleet }) => ({
    ...{ tiers, fleet: fleet === undefined ? null : reports[held.indexOf(fleet)]! },
  }));
  const [best] = reports;
  const next = reports.find(report => best !== undefined && report.usd_per_hour > best.usd_per_hour);
  const planned = held[0] && pooled(held[0]);
  if (best !== undefined) progress?.('what breaks it');
  const utilisation = best === undefined ? 0 : Math.max(...best.pools.map(pool => pool.utilisation));
  const doubts = [
    ...(shape.interarrivalCv2 > TRUSTED_CV2
      ? [`gaps between arrivals have a squared coefficient of variation of ${shape.interarrivalCv2.toFixed(1)}`]
      : []),
    ...(utilisation > TRUSTED_UTILISATION ? [`utilisation is ${utilisation.toFixed(2)}`] : []),
  ];
  return {
    best: best ?? null,
    why: best === undefined ? [] : reasons(best, reports, proposed, slo),
    next:
      best === undefined || next === undefined
        ? null
        : {
            fleet: next,
            usd_per_hour_more: next.usd_per_hour - best.usd_per_hour,
            share_more: next.usd_per_hour / best.usd_per_hour - 1,
          },
    pareto: undominated(reports),
    tiers: less.length === 0 ? null : effects,
    sensitivity: planned === undefined ? [] : stress(planned, patterns[0]!, slo, seed),
    buying: best === undefined ? [] : buyingOf(best, catalogue, wishOf(options)),
    demand_response: planned === undefined ? [] : powerCuts(planned, mix, rate, arrivalCv2, patterns[0]!, slo),
    over_time: planned === undefined ? null : overTime(options, rate / shape.rate, kindsOverTime(planned, proposed)),
    workload: { lengths: lengthsOf(mix), rate_over_time: rateOf(requests, rate / shape.rate) },
    screen: { trusted: doubts.length === 0, because: doubts },
    ...{ model, weights: plain[0]!.profile.weights, kv_cache: plain[0]!.profile.kvCache },
    ...{ rate, requests: requests.length },
    requests_played: [...settling.values()].reduce((sum, { played }) => sum + played, 0),
    slo: { ttft_p99_ms: slo.ttftP99Ms, tpot_ms: slo.tpotMs },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

/** The cheapest first; of equal prices the one with fewer pools, then the one with less behind its GPUs. */
function cheaper(a: SettledFleet, b: SettledFleet): number {
  const tiers = ({ pools }: SettledFleet) =>
    pools.reduce((sum, { pool: { kind } }) => sum + Object.keys(kind.tiers?.wish ?? {}).length, 0);
  return a.usdPerHour - b.usdPerHour || a.pools.length - b.pools.length || tiers(a) - tiers(b);
}

function pooled({ pools }: SettledFleet): readonly PlannedPool[] {
  return pools.map(({ pool }) => pool);
}

function wishOf({ buying, price }: PlanOptions): BuyingWish {
  return { ...(buying ?? { target: DEFAULT_TARGET, up: DEFAULT_UP }), provider: price?.provider };
}

/** Kinds of the cheapest fleets, the only ones that are worth a look at apart. */
function kindsOf(proposed: readonly Candidate[], kinds: readonly ReplicaKind[]): readonly ReplicaKind[] {
  const used = new Set(proposed.flatMap(({ pools }) => pools.map(({ kind }) => kind)));
  return (used.size === 0 ? kinds : [...used]).slice(0, MOST_KINDS_APART);
}

/** Of the best fleet where it has two pools, else of the cheapest that the closed form divides in two. */
function kindsOverTime(best: readonly PlannedPool[], proposed: readonly Candidate[]): readonly ReplicaKind[] {
  const pools = best.length === 2 ? best : (proposed.find(({ pools }) => pools.length === 2)?.pools ?? best);
  return pools.map(({ kind }) => kind);
}

function overTime(options: PlanOptions, scale: number, kinds: readonly ReplicaKind[]): OverTime | null {
  const { requests, slo, seed, progress } = options;
  if (options.overTime === undefined) return null;
  return planOverTime({
    requests: requests.map(request => ({ ...request, arrivalMs: request.arrivalMs / scale })),
    ...{ ...options.overTime, short: kinds[0]!, long: kinds.at(-1)!, slo, seed, progress },
  });
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
