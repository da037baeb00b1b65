import { WeirError } from '#contract/errors.js';
import type { Milliseconds, Usd } from '#contract/units.js';
import { timeText } from '#fleet/time-text.js';
import type { ArrivalShape } from '#workload/shape/arrivals.js';
import type { PlannedPool, Slo } from './candidates.js';
import { fleetName } from './reasons.js';
import type { FleetReport, SettledFleet } from './report.js';
import type { FoundFleets } from './search.js';
import { verifyPool } from './verify.js';

/** What a budget carries: the plan beside it is of that rate. */
export interface BudgetAnswer {
  readonly usd_per_hour: Usd;
  /** Of it, what the fleet leaves. */
  readonly left_usd_per_hour: Usd;
  /** Requests a second. */
  readonly rate: number;
  /** The same over the rate of the requests as they were given. */
  readonly times_trace: number;
  /** How long the requests last at that rate. A rate held for seconds says little of one that goes on. */
  readonly lasts_s: number;
  /** The next rate that was looked at; null where the search ended before anything broke. */
  readonly more: {
    readonly rate: number;
    /** The cheapest that held there, dearer than the budget; null where nothing did. */
    readonly fleet: FleetReport | null;
    /** What the fleet of the budget does there. */
    readonly this_fleet: FleetAtRate;
  } | null;
  /** What ends it; in words in `because`. */
  readonly binds: readonly Bound[];
  readonly because: readonly string[];
}

/**
 * `ttft` and `tpot`: the fleet misses that part of the SLO one step on. `kv`: the memory for KV is full there, and sequences are preempted. `price`:
 * a fleet that carries more is there to be had, for more than the budget. `search`: nothing, as far as was looked.
 */
export type Bound = 'ttft' | 'tpot' | 'kv' | 'price' | 'search';

export interface FleetAtRate {
  readonly holds: boolean;
  readonly p99_ttft_ms: Milliseconds;
  readonly tpot_ms: Milliseconds;
  /** Requests that were not answered, and preemptions, for each that came. */
  readonly refused: number;
  readonly preempted: number;
}

/** One rate to the next. */
const STEP = 1.02;
/** Steps from a rate that fits to the next that is tried. */
const STRIDE = 32;
/** Steps up and down at most: 25,000 times, and a 25,000th of, where the search begins. */
const MOST_STEPS = 16 * STRIDE;
/** Preemptions for each request from which the memory for KV is what is short. */
const PREEMPTED = 0.01;

/** The largest rate that fits a budget, and what is at the rate after it. */
export interface CarriedRate {
  readonly found: FoundFleets;
  /** Absent where the search ended first. */
  readonly above?: FoundFleets;
}

/**
 * The largest rate, in steps of 2 % from `start`, at which the cheapest fleet that holds costs no more than a budget, found by bisection. At the rate after it the cheapest that holds
 * costs more, or nothing holds.
 *
 * What holds at a rate does not depend on the budget, nor do the rates that are tried until one of them fits one budget and not another. So more
 * money never carries less, even where a search at a higher rate happens to find a cheaper fleet.
 *
 * @param start requests a second.
 * @param at the fleets at a rate; asked once for each.
 * @throws WeirError `config.range` where the fewest requests that are tried cost more; it says what they cost.
 */
export function carriedRate(
  start: number,
  budget: Usd,
  at: (rate: number) => FoundFleets,
  progress?: (text: string) => void,
): CarriedRate {
  const probe = (step: number): FoundFleets => {
    const rate = start * STEP ** step;
    progress?.(`at ${rateText(rate)}`);
    const found = at(rate);
    const usd = priceOf(found);
    progress?.(
      usd === Number.POSITIVE_INFINITY
        ? '  nothing that was tried holds'
        : `  $${usd.toFixed(2)}/h, ${usd <= budget ? 'within the budget' : 'too much'}`,
    );
    return found;
  };
  const fits = (found: FoundFleets) => priceOf(found) <= budget;
  let low = 0;
  let found = probe(low);
  let high = low;
  let above = found;
  if (fits(found)) {
    do {
      if (high === MOST_STEPS) return { found: above };
      [low, found] = [high, above];
      high += STRIDE;
      above = probe(high);
    } while (fits(above));
  } else {
    low = -MOST_STEPS;
    found = probe(low);
    if (!fits(found)) throw tooLittle(found, budget);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const between = probe(middle);
    if (fits(between)) [low, found] = [middle, between];
    else [high, above] = [middle, between];
  }
  return { found, above };
}

/** In four digits: rates differ by 2 %. */
function rateText(rate: number): string {
  return `${Number(rate.toPrecision(4))} requests/s`;
}

function priceOf({ held }: FoundFleets): Usd {
  return held[0]?.usdPerHour ?? Number.POSITIVE_INFINITY;
}

function tooLittle({ rate, held: [cheapest] }: FoundFleets, budget: Usd): WeirError {
  if (cheapest === undefined) {
    return new WeirError('config.range', `No fleet that was tried holds this, not even at ${rateText(rate)}.`, {
      path: 'slo',
      hint: 'a later first token, slower tokens or other GPUs',
    });
  }
  // To the cent above, so that what is told is enough.
  const enough = (Math.ceil(100 * cheapest.usdPerHour - 1e-6) / 100).toFixed(2);
  return new WeirError(
    'config.range',
    `$${budget.toFixed(2)} an hour carry nothing: the cheapest fleet that holds at ${rateText(rate)}, the least that is tried, costs $${enough} (${kindsOf(cheapest)}).`,
    { path: 'budget', hint: `${enough}/h or more` },
  );
}

function kindsOf({ pools }: SettledFleet): string {
  return pools
    .map(({ pool: { kind, replicas } }) => `${replicas} × ${kind.profile.tensorParallel} ${kind.profile.gpu}`)
    .join(' + ');
}

/**
 * What is told of a rate that was found: the plan's own twin plays its fleet at the rate after it.
 *
 * @param reportOf of a fleet that held.
 */
export function budgetAnswer(
  { found, above }: CarriedRate,
  budget: Usd,
  shape: ArrivalShape,
  slo: Slo,
  reportOf: (fleet: SettledFleet) => FleetReport,
): BudgetAnswer {
  const { rate, held } = found;
  const fleet = held[0]!;
  const answer = {
    ...{ usd_per_hour: budget, left_usd_per_hour: budget - fleet.usdPerHour, rate },
    ...{ times_trace: rate / shape.rate, lasts_s: (shape.durationMs * shape.rate) / rate / 1000 },
  };
  if (above === undefined) {
    return { ...answer, more: null, binds: ['search'], because: ['nothing broke as far as the search went'] };
  }
  const planned = fleet.pools.map(({ pool }) => pool);
  const thisFleet = played(planned, above.patterns, slo);
  const [next] = above.held;
  const more = { rate: above.rate, fleet: next === undefined ? null : reportOf(next), this_fleet: thisFleet };
  return { ...answer, more, ...bounds(more, budget, slo) };
}

function played(pools: readonly PlannedPool[], patterns: FoundFleets['patterns'], slo: Slo): FleetAtRate {
  const verdicts = pools.map(pool => verifyPool(pool, patterns, slo));
  const sum = (of: (verdict: (typeof verdicts)[number]) => number) => verdicts.reduce((all, one) => all + of(one), 0);
  const requests = sum(one => one.requests);
  return {
    holds: verdicts.every(({ ok }) => ok),
    p99_ttft_ms: Math.max(...verdicts.map(({ p99TtftMs }) => p99TtftMs)),
    tpot_ms: Math.max(...verdicts.map(({ meanTpotMs }) => meanTpotMs)),
    refused: sum(one => one.rejected) / requests,
    preempted: sum(one => one.preemptions) / requests,
  };
}

function bounds(
  { rate, fleet, this_fleet: own }: NonNullable<BudgetAnswer['more']>,
  budget: Usd,
  slo: Slo,
): Pick<BudgetAnswer, 'binds' | 'because'> {
  const binds: Bound[] = [];
  const because: string[] = [];
  const bind = (bound: Bound, when: boolean, text: string) => {
    if (!when) return;
    binds.push(bound);
    because.push(text);
  };
  const then = `at ${rateText(rate)} `;
  bind(
    'ttft',
    own.p99_ttft_ms > slo.ttftP99Ms,
    `${then}this fleet's P99 TTFT is ${timeText(own.p99_ttft_ms)}, of ${timeText(slo.ttftP99Ms)}`,
  );
  bind('tpot', own.tpot_ms > slo.tpotMs, `${then}its TPOT is ${timeText(own.tpot_ms)}, of ${timeText(slo.tpotMs)}`);
  bind(
    'kv',
    own.preempted > PREEMPTED,
    `memory for KV is short: ${then}${own.preempted.toFixed(2)} preemptions a request`,
  );
  if (own.holds) {
    because.push(`${then}this fleet still held, which the search does not propose there: a little more may be carried`);
  }
  bind(
    'price',
    fleet !== null,
    fleet === null
      ? ''
      : `the cheapest fleet that held ${then}is ${fleetName(fleet.pools)}: $${fleet.usd_per_hour.toFixed(2)}/h, $${(fleet.usd_per_hour - budget).toFixed(2)} more than the budget`,
  );
  if (fleet === null) because.push(`${then}nothing that was tried held, at any price`);
  return { binds, because };
}
