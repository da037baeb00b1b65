import { WeirError } from '#contract/errors.js';
import { BUILT_IN } from '#fleet/catalogue.js';
import { budgetAnswer, carriedRate } from './budget.js';
import { type BuyingWish, buyingOf, DEFAULT_TARGET, DEFAULT_UP } from './buying.js';
import type { Candidate, PlannedPool } from './candidates.js';
import { type OverTime, planOverTime } from './over-time.js';
import type { PlanOptions } from './plan-options.js';
import { lengthsOf, rateOf, sharesOf } from './planned-workload.js';
import { powerCuts } from './power-cuts.js';
import { reasons } from './reasons.js';
import type { ReplicaKind } from './replica-kinds.js';
import { fleetReport, type PlanReport, type SettledFleet, undominated } from './report.js';
import { type FoundFleets, fleetSearch, SEEDS } from './search.js';
import { stress } from './stress.js';
import { tierNames } from './tier-effects.js';

/** Up to here, and with arrivals this even, the closed form is within 30 % of the twin (docs/planning.md). */
const TRUSTED_UTILISATION = 0.8;
const TRUSTED_CV2 = 2;

/**
 * The cheapest fleet for a trace under an SLO, or with a budget the one that carries most for it. The closed form screens, the twin decides
 * ({@link fleetSearch}), and only what held is reported.
 *
 * @throws WeirError `config.range` when the model fits none of the GPUs, no rate is known, or the budget carries nothing.
 */
export function planFleet(options: PlanOptions): PlanReport {
  const { requests, slo, model, clock, seed, progress, budget, catalogue = BUILT_IN } = options;
  const startedAt = clock.now();
  if (budget !== undefined && options.overTime !== undefined) {
    throw new WeirError('usage.invalid', 'How many windows a trace has depends on the rate, which a budget asks for.', {
      path: 'overTime.windowMs',
      hint: 'the budget first, then a plan of the rate that it carries',
    });
  }
  const search = fleetSearch(options);
  const { shape, mix, arrivalCv2 } = search;
  const start = options.rate ?? shape.rate;
  let searched = 0;
  const at = (rate: number): FoundFleets => {
    const found = search.at(rate);
    searched += found.played;
    return found;
  };
  const carried = budget === undefined ? { found: at(start) } : carriedRate(start, budget, at, progress);
  const { rate, proposed, held, whole, less, patterns } = carried.found;
  const shareOf = sharesOf(requests);
  const reportOf = (fleet: SettledFleet) => fleetReport(fleet, SEEDS, shareOf);
  const reports = held.map(reportOf);
  const effects = [...less, { tiers: tierNames(options.tiers), fleet: whole }].map(({ tiers, fleet }) => ({
    ...{ tiers, fleet: fleet === undefined ? null : reports[held.indexOf(fleet)]! },
  }));
  const [best] = reports;
  const next = reports.find(report => best !== undefined && report.usd_per_hour > best.usd_per_hour);
  const planned = held[0]?.pools.map(({ pool }) => pool);
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
    budget: budget === undefined ? null : budgetAnswer(carried, budget, shape, slo, reportOf),
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
    ...{ model, weights: search.kinds[0]!.profile.weights, kv_cache: search.kinds[0]!.profile.kvCache },
    ...{ rate, requests: requests.length },
    requests_played: searched,
    slo: { ttft_p99_ms: slo.ttftP99Ms, tpot_ms: slo.tpotMs },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

function wishOf({ buying, price }: PlanOptions): BuyingWish {
  return { ...(buying ?? { target: DEFAULT_TARGET, up: DEFAULT_UP }), provider: price?.provider };
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
