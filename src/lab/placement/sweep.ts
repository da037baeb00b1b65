import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';
import { reportOf } from './bench.js';
import { type BenchEngine, DEFAULT_ENGINE } from './engines.js';
import { BenchFleet, type FleetOptions } from './fleet.js';
import { placerOf, USUAL_POLICIES } from './policies.js';
import { resample } from './resample.js';
import { measureSaturation } from './saturation.js';
import type { Estimate, SharePolicyReport, ShareReport, SweepReport } from './sweep-report.js';

export interface SweepOptions {
  readonly replicas: number;
  readonly blocks?: number;
  readonly host?: FleetOptions['host'];
  readonly policies?: readonly string[];
  readonly seed: number;
  readonly engine?: BenchEngine;
  readonly candidates?: number;
  /** Loads, as shares of measured saturation. */
  readonly shares: readonly number[];
  /** Bootstrap resamples of the trace that intervals are taken over. */
  readonly resamples: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly progress?: (what: string) => void;
}

/** The policy whose saturation sets the loads, and that the others are compared with. */
const REFERENCE = 'weir';

/** What is estimated of each policy at each load. */
type Figures = Readonly<Record<keyof Omit<SharePolicyReport, 'ttft_p99_over_weir'>, number>>;

/**
 * Plays a trace and bootstrap resamples of it through each policy at shares of the load that the fleet saturates at. Loads are the
 * same for all policies, and so is each resample: differences between policies are differences on the same requests.
 *
 * @throws WeirError `usage.invalid` for an unknown policy or a trace that lasts no time, `config.unknown_reference` for an unknown
 *   model or GPU.
 */
export function sweepPlacement(trace: Trace, options: SweepOptions): SweepReport {
  const { shares, resamples, seed, clock, progress = () => {} } = options;
  const startedAt = clock.now();
  const names = [...new Set([REFERENCE, ...(options.policies ?? USUAL_POLICIES)])];
  for (const name of names) placerOf(name);
  const fleet = fleetOf(trace.requests, options);
  progress('saturation');
  const saturation = measureSaturation(fleet, REFERENCE);
  if (saturation === undefined) {
    throw new WeirError(
      'usage.invalid',
      'All requests of the trace come at one moment: there is no load to take shares of.',
    );
  }
  const samples = [fleet];
  for (let i = 1; i <= resamples; i++) {
    samples.push(fleetOf(resample(trace.requests, seededRandom(seed).fork(`resample ${i}`)), options));
  }
  const perSecond = (load: number) => (1000 * fleet.requests.length) / fleet.spanMs(load);
  return {
    saturation: { policy: REFERENCE, load: saturation, requests_per_s: perSecond(saturation) },
    shares: shares.map((share): ShareReport => {
      const load = share * saturation;
      const runs = samples.map((sample, i) => {
        progress(`${Math.round(100 * share)} %, ${i === 0 ? 'the trace' : `resample ${i}`}`);
        return new Map(names.map(name => [name, figuresOf(sample, name, load)]));
      });
      const policies = Object.fromEntries(names.map(name => [name, summary(name, runs)]));
      return { share, load, requests_per_s: perSecond(load), policies, ...verdictOf(policies) };
    }),
    requests: fleet.requests.length,
    refused: trace.refused,
    replicas: options.replicas,
    blocks: options.blocks ?? null,
    block_tokens: fleet.blockTokens,
    shared_cache_hit_rate: fleet.shared.hits / Math.max(1, fleet.shared.lookups),
    infinite_hit_rate: fleet.infinite.hits / Math.max(1, fleet.infinite.lookups),
    resamples,
    seed,
    wall_s: (clock.now() - startedAt) / 1000,
  };
}

function fleetOf(requests: readonly TraceRequest[], options: SweepOptions): BenchFleet {
  const { replicas, blocks, engine = DEFAULT_ENGINE, seed, candidates, host } = options;
  const settings: FleetOptions = { replicas, blocks, engine, seed, candidates, host };
  return new BenchFleet(requests, settings);
}

function figuresOf(fleet: BenchFleet, name: string, load: number): Figures {
  const report = reportOf(fleet.play(name, placerOf(name), load), fleet);
  return {
    ttft_p50_ms: report.ttft_ms.p50,
    ttft_p99_ms: report.ttft_ms.p99,
    tpot_p99_ms: report.tpot_ms.p99,
    prefix_hit_rate: report.prefix_hit_rate,
    load_max_over_mean: report.load_max_over_mean,
    tokens_per_joule: report.tokens_per_joule,
  };
}

/** The first run is the trace itself, the others are its resamples. */
function summary(name: string, runs: readonly ReadonlyMap<string, Figures>[]): SharePolicyReport {
  const own = runs.map(run => run.get(name)!);
  const of = (figure: keyof Figures) => estimate(own.map(figures => figures[figure]));
  return {
    ttft_p50_ms: of('ttft_p50_ms'),
    ttft_p99_ms: of('ttft_p99_ms'),
    tpot_p99_ms: of('tpot_p99_ms'),
    prefix_hit_rate: of('prefix_hit_rate'),
    load_max_over_mean: of('load_max_over_mean'),
    tokens_per_joule: of('tokens_per_joule'),
    ttft_p99_over_weir: estimate(own.map((figures, i) => figures.ttft_p99_ms / runs[i]!.get(REFERENCE)!.ttft_p99_ms)),
  };
}

/** The value on the trace, with the least and the most that it came to over the trace and its resamples. */
function estimate(values: readonly number[]): Estimate {
  return { value: values[0]!, low: Math.min(...values), high: Math.max(...values) };
}

/** Who has the shortest P99, and whether the reference is it, or no worse than resampling the trace changes. */
function verdictOf(policies: Readonly<Record<string, SharePolicyReport>>): Pick<ShareReport, 'best' | 'weir'> {
  const ranked = Object.entries(policies).sort(([, a], [, b]) => a.ttft_p99_ms.value - b.ttft_p99_ms.value);
  const [best, report] = ranked[0]!;
  if (best === REFERENCE) return { best, weir: 'best' };
  return { best, weir: report.ttft_p99_over_weir.high >= 1 ? 'within noise' : 'worse' };
}
