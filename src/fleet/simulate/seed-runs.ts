import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { type Catalogue, catalogueInUse } from '#fleet/catalogue.js';
import { arrivalPatterns } from '#fleet/plan/arrival-patterns.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import { METRICS } from '#fleet/what-if/metrics.js';
import { meanInterval } from '#fleet/what-if/student.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { poissonRequests } from './arrivals.js';
import { type SimulationReport, simulationReport } from './report.js';
import { simulate } from './simulation.js';

/** One trace to be played several times: plain data, so that threads can be sent it. */
export interface SeedRuns {
  readonly config: TwinConfig;
  readonly requests: readonly TraceRequest[];
  readonly model?: string | undefined;
  readonly warmUpMs?: Milliseconds | undefined;
  readonly startedAt?: Milliseconds | undefined;
  /** Requests a second, Poisson, another draw for each seed; or the trace's own times, begun at another place for each seed but the first. */
  readonly arrivals: { readonly rate: number } | { readonly rateScale: number };
  /** Draws of arrivals, failures and placement. */
  readonly seeds: readonly number[];
}

/** What one metric is over seeds. */
export interface MetricInterval {
  /** What the metric is called, and of what unit its values are where the words do not say it. */
  readonly words: string;
  readonly unit: 'ms' | 'share' | null;
  readonly mean: number;
  /** Where the true mean lies with {@link CONFIDENCE}, by Student's t over seeds. */
  readonly interval: readonly [low: number, high: number];
}

/** What the metrics are over several seeds. */
export interface SeedIntervals {
  readonly seeds: number;
  readonly confidence: number;
  readonly metrics: Readonly<Record<string, MetricInterval>>;
}

export const CONFIDENCE = 0.95;

/** The requests of one of the seeds. */
export function requestsOfSeed({ requests, arrivals, seeds }: SeedRuns, index: number): readonly TraceRequest[] {
  const seed = seeds[index]!;
  if ('rate' in arrivals) return poissonRequests(requests, arrivals.rate, seededRandom(seed));
  return arrivalPatterns(requests, arrivals.rateScale, index === 0 ? [seed] : [seeds[0]!, seed]).at(-1)!;
}

export function playSeed(runs: SeedRuns, index: number): SimulationReport {
  const { config, model, warmUpMs, startedAt, seeds } = runs;
  const requests = requestsOfSeed(runs, index);
  const begun = performance.now();
  const result = simulate(requests, { config, model, seed: seeds[index]!, warmUpMs, startedAt });
  return simulationReport(result, performance.now() - begun);
}

/** One run of several: the seed at `index` of the runs at `of`. */
export interface SeedTask {
  readonly of: number;
  readonly index: number;
}

/**
 * Plays all seeds from `from` on in worker threads, as many at a time as there are processors.
 *
 * @returns their reports in the order of the seeds.
 */
export async function playSeeds(
  runs: SeedRuns,
  from = 0,
  threads = availableParallelism(),
): Promise<readonly SimulationReport[]> {
  const [reports] = await playAll([{ ...runs, from }], threads);
  return reports!;
}

/**
 * Plays the seeds of several configurations in worker threads; what they share, such as the trace, is sent to a thread once.
 *
 * @param threads 0 plays them one after another in this thread, within its bounds.
 * @param done told of each run that has ended, in whatever order.
 * @returns reports of each, in the order of its seeds from its `from` on.
 */
export async function playAll(
  all: readonly (SeedRuns & { readonly from?: number })[],
  threads = availableParallelism(),
  done?: (task: SeedTask) => void,
): Promise<readonly (readonly SimulationReport[])[]> {
  const tasks = all.flatMap(({ seeds, from = 0 }, of) => seeds.slice(from).map((_, i) => ({ of, index: from + i })));
  tasks.sort((a, b) => a.index - b.index);
  const reports = new Map<string, SimulationReport>();
  const keep = (task: SeedTask, report: SimulationReport): void => {
    reports.set(`${task.of} ${task.index}`, report);
    done?.(task);
  };
  const count = Math.min(threads, tasks.length);
  if (count === 0) for (const task of tasks) keep(task, playSeed(all[task.of]!, task.index));
  // Each thread gets runs of every configuration, for one may take longer than another.
  const threadOf = (i: number) => (i + Math.floor(i / count)) % count;
  const shares = Array.from({ length: count }, (_, thread) => tasks.filter((_, i) => threadOf(i) === thread));
  await Promise.all(shares.map(share => inThread(all, share, keep)));
  return all.map(({ seeds, from = 0 }, of) => seeds.slice(from).map((_, i) => reports.get(`${of} ${from + i}`)!));
}

/** Mean and interval of each metric that configurations are compared by. */
export function intervalsOf(reports: readonly SimulationReport[]): Readonly<Record<string, MetricInterval>> {
  return Object.fromEntries(
    METRICS.map(({ name, words, unit = null, of }) => [
      name,
      { words, unit, ...meanInterval(reports.map(of), CONFIDENCE) },
    ]),
  );
}

/** The report of the first of several runs, with what its metrics are over all of them. */
export function overSeeds(
  first: SimulationReport,
  others: readonly SimulationReport[],
): SimulationReport & { readonly intervals?: SeedIntervals } {
  if (others.length === 0) return first;
  const all = [first, ...others];
  return { ...first, intervals: { seeds: all.length, confidence: CONFIDENCE, metrics: intervalsOf(all) } };
}

/** What a thread is given: {@link SeedTask}s, and the runs that they are of. */
export interface SeedThreadData {
  readonly all: readonly SeedRuns[];
  readonly tasks: readonly SeedTask[];
  readonly catalogue: Catalogue;
}

function inThread(
  all: readonly SeedRuns[],
  tasks: readonly SeedTask[],
  done: (task: SeedTask, report: SimulationReport) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const workerData: SeedThreadData = { all, tasks, catalogue: catalogueInUse() };
    const worker = new Worker(new URL('./seed-thread.js', import.meta.url), { workerData, execArgv: [] });
    worker.on('message', ({ task, report }: { readonly task: SeedTask; readonly report: SimulationReport }) => {
      done(task, report);
    });
    worker.once('error', reject);
    worker.once('exit', code => (code === 0 ? resolve() : reject(new Error(`A thread ended with ${code}.`))));
  });
}
