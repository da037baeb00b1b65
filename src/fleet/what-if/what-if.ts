import type { Clock } from '#contract/clock.js';
import { type SimulationReport, simulationReport } from '#fleet/simulate/report.js';
import { simulate } from '#fleet/simulate/simulation.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { METRICS } from './metrics.js';
import { meanInterval } from './student.js';

/** How a metric of the second configuration stands to that of the first. */
export type Verdict = 'better' | 'worse' | 'same' | 'not shown';

export interface MetricDifference {
  readonly label: string;
  readonly better: 'lower' | 'higher';
  /** Means over seeds. */
  readonly first: number;
  readonly second: number;
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
  /** Requests of one seed, in order of arrival. */
  readonly arrivals: (seed: number, index: number) => readonly TraceRequest[];
  readonly clock: Pick<Clock, 'now'>;
  readonly progress?: (run: number, runs: number, seed: number, which: 'first' | 'second') => void;
}

/** Of intervals of differences. */
export const CONFIDENCE = 0.95;

/**
 * Plays the same arrivals through two configurations, seed by seed, and tells what differs. Differences are taken within a seed, so that
 * what a seed does to both falls out of them (common random numbers); their interval is Student's t over seeds. Each metric has its own
 * interval: of twenty such, one is expected to miss.
 */
export function whatIf(options: WhatIfOptions): WhatIfReport {
  const { first, second, seeds, clock, progress, model } = options;
  const startedAt = clock.now();
  const runs = seeds.map((seed, i) => {
    const requests = options.arrivals(seed, i);
    const play = (config: TwinConfig, which: 'first' | 'second'): SimulationReport => {
      progress?.(2 * i + (which === 'first' ? 1 : 2), 2 * seeds.length, seed, which);
      const begun = clock.now();
      const result = simulate(requests, { config, model, seed });
      return simulationReport(result, clock.now() - begun);
    };
    return { seed, first: play(first, 'first'), second: play(second, 'second') };
  });
  const metrics = Object.fromEntries(
    METRICS.map(({ name, label, better, of }) => {
      const pairs = runs.map(run => [of(run.first), of(run.second)] as const);
      return [name, { label, ...differenceOf(pairs, better) }];
    }),
  );
  return {
    ...{ seeds, confidence: CONFIDENCE, requests: runs[0]?.first.requests.arrived ?? 0, metrics, runs },
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

/** The difference of pairs with its interval, and what that says. */
export function differenceOf(
  pairs: readonly (readonly [first: number, second: number])[],
  better: 'lower' | 'higher',
): Omit<MetricDifference, 'label'> {
  const mean = (at: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  const [first, second] = [mean(0), mean(1)];
  const { mean: difference, interval } = meanInterval(
    pairs.map(([a, b]) => b - a),
    CONFIDENCE,
  );
  const [low, high] = interval;
  const gain = better === 'lower' ? high < 0 : low > 0;
  const loss = better === 'lower' ? low > 0 : high < 0;
  const same = pairs.every(([a, b]) => a === b);
  return {
    ...{ better, first, second, difference, interval },
    relative: first === 0 ? null : difference / Math.abs(first),
    verdict: same ? 'same' : gain ? 'better' : loss ? 'worse' : 'not shown',
  };
}
