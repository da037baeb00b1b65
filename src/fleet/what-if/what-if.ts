import type { Clock } from '#contract/clock.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import { playAll, type SeedRuns } from '#fleet/simulate/seed-runs.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { type ConfigChange, configChanges } from './changes.js';
import { labelOf, METRICS } from './metrics.js';
import { meanInterval, ROUNDING } from './student.js';

/** How a metric of the second configuration stands to that of the first. */
export type Verdict = 'better' | 'worse' | 'same' | 'not shown';

export interface MetricDifference {
  readonly label: string;
  /** The label without its unit. */
  readonly words: string;
  /** Of all values; null where the words say it, or there is none. */
  readonly unit: 'ms' | 'share' | null;
  readonly better: 'lower' | 'higher';
  /** Means over seeds. */
  readonly first: number;
  readonly second: number;
  /** Where those means lie with {@link CONFIDENCE}, each by itself. */
  readonly first_interval: readonly [low: number, high: number];
  readonly second_interval: readonly [low: number, high: number];
  /** Second less first, mean over seeds. */
  readonly difference: number;
  /** Where the mean difference lies with {@link CONFIDENCE}. */
  readonly interval: readonly [low: number, high: number];
  /** Difference over the first; null where that is zero. */
  readonly relative: number | null;
  readonly verdict: Verdict;
}

export interface WhatIfReport {
  readonly seeds: readonly number[];
  readonly confidence: number;
  readonly requests: number;
  /** What the second configuration changes. */
  readonly changes: readonly ConfigChange[];
  readonly metrics: Readonly<Record<string, MetricDifference>>;
  /** Of each seed, what each configuration gave. */
  readonly runs: readonly {
    readonly seed: number;
    readonly first: SimulationReport;
    readonly second: SimulationReport;
  }[];
  readonly wall_s: number;
}

export interface WhatIfOptions {
  readonly first: TwinConfig;
  readonly second: TwinConfig;
  readonly model?: string;
  /** At least two: arrivals and draws of each are the same for both configurations. */
  readonly seeds: readonly number[];
  /** In order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** {@link SeedRuns.arrivals} */
  readonly arrivals: SeedRuns['arrivals'];
  /** Runs at a time, each in a thread; as many as there are processors unless said. 0: one after another in this thread. */
  readonly threads?: number;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of each run that has ended, in whatever order they do. */
  readonly progress?: (ended: number, runs: number, seed: number, which: 'first' | 'second') => void;
}

/** Of intervals of differences. */
export const CONFIDENCE = 0.95;

/**
 * Plays the same arrivals through two configurations, for each seed, in threads, and tells what differs. Differences are taken within a seed, so that
 * what a seed does to both falls out of them (common random numbers); their interval is Student's t over seeds. Each metric has its own
 * interval: of twenty such, one is expected to miss.
 */
export async function whatIf(options: WhatIfOptions): Promise<WhatIfReport> {
  const { first, second, seeds, requests, arrivals, clock, progress, model, threads } = options;
  const startedAt = clock.now();
  let ended = 0;
  const [before, after] = await playAll(
    [first, second].map(config => ({ config, model, requests, arrivals, seeds })),
    threads,
    ({ of, index }) => progress?.(++ended, 2 * seeds.length, seeds[index]!, of === 0 ? 'first' : 'second'),
  );
  const runs = seeds.map((seed, i) => ({ seed, first: before![i]!, second: after![i]! }));
  const metrics = Object.fromEntries(
    METRICS.map(metric => {
      const { name, words, unit = null, better, of } = metric;
      const pairs = runs.map(run => [of(run.first), of(run.second)] as const);
      return [name, { label: labelOf(metric), words, unit, ...differenceOf(pairs, better) }];
    }),
  );
  return {
    ...{ seeds, confidence: CONFIDENCE, requests: runs[0]?.first.requests.arrived ?? 0 },
    ...{ changes: configChanges(first, second), metrics, runs },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

/** The difference of pairs with its interval, and what that says. */
export function differenceOf(
  measured: readonly (readonly [first: number, second: number])[],
  better: 'lower' | 'higher',
): Omit<MetricDifference, 'label' | 'words' | 'unit'> {
  const pairs = measured.map(
    ([a, b]) => [a, Math.abs(b - a) <= ROUNDING * Math.max(Math.abs(a), Math.abs(b)) ? a : b] as const,
  );
  const of = (at: 0 | 1) =>
    meanInterval(
      pairs.map(pair => pair[at]),
      CONFIDENCE,
    );
  const [{ mean: first, interval: first_interval }, { mean: second, interval: second_interval }] = [of(0), of(1)];
  const { mean: difference, interval } = meanInterval(
    pairs.map(([a, b]) => b - a),
    CONFIDENCE,
  );
  const [low, high] = interval;
  const gain = better === 'lower' ? high < 0 : low > 0;
  const loss = better === 'lower' ? low > 0 : high < 0;
  const same = pairs.every(([a, b]) => a === b);
  return {
    ...{ better, first, second, first_interval, second_interval, difference, interval },
    relative: first === 0 ? null : difference / Math.abs(first),
    verdict: same ? 'same' : gain ? 'better' : loss ? 'worse' : 'not shown',
  };
}
