import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { catalogueOption, readCatalogue } from '#cli/catalogue-file.js';
import { atLeastOne, type CommonOptions, positive, printJson, resolveConfig, withCommonOptions } from '#cli/options.js';
import { poissonRequests, timedRequests } from '#cli/timed-requests.js';
import { readTraceFile } from '#cli/trace-file.js';
import { writePage } from '#cli/write-files.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { useCatalogue } from '#fleet/catalogue.js';
import { shareText } from '#fleet/share-text.js';
import { cacheText, tiersText } from '#fleet/simulate/cache-text.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import type { SeedIntervals } from '#fleet/simulate/seed-runs.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { timeText } from '#fleet/time-text.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import type { PoolTwinResult } from '#fleet/twin/pool-twin.js';
import { metricText } from '#fleet/what-if/metrics.js';
import type { Trace } from '#workload/traces/trace.js';

interface SimulateOptions extends CommonOptions {
  readonly trace: string;
  readonly rateScale: number;
  readonly rate?: number;
  readonly model?: string;
  readonly seeds: number;
  readonly warmUp?: number;
  readonly requestsOut?: string;
  readonly catalogue?: string;
  readonly html?: string;
}

export function simulateCommand(): Command {
  return withCommonOptions(
    new Command('simulate')
      .description(
        'Plays a trace through a configuration in virtual time: the code that serves traffic (decisions, selection, strategies, placement,\n' +
          'queues, limits) over modelled engines. Pools need `simulate`. Signals that need a text are unknown unless the trace recorded them;\n' +
          'the `fleet:` block says which replicas fail and which pools grow and shrink.',
      )
      .requiredOption('--trace <file>', 'a trace of any known format; - reads standard input')
      .option('--rate-scale <x>', 'arrivals come x times as fast as in the trace', positive, 1)
      .option('--rate <x>', 'requests a second, Poisson, in place of the times of the trace', positive)
      .option(
        '--model <name>',
        'what requests ask for, a model or a virtual name; else the model of the trace where it is configured, else the first virtual name',
      )
      .option(
        '--seeds <n>',
        'runs, each with other draws: arrivals (or where the trace begins), failures, placement; the rest in threads. Means come with 95 % intervals',
        seeds,
        1,
      )
      .option('--warm-up <s>', 'requests of the first so many seconds are played and left out of times', positive)
      .addOption(catalogueOption())
      .option('--html <file>', 'where to write the result as a page that is one file')
      .option('--requests-out <file>', 'where to write a line for each answered request'),
  )
    .addHelpText(
      'after',
      `
docs/planning.md says what is simulated. The same trace, configuration and seed give the same result.
Exit code: 0 done, 2 unreadable input or a configuration that cannot be simulated.

Examples:
  $ weir simulate -c weir.yaml --trace conversation.jsonl --rate-scale 2
  $ weir simulate --trace served.jsonl --model auto --seeds 5
  $ weir simulate --trace lengths.csv --rate 5 --catalogue ours.yaml
  $ weir simulate --trace lengths.csv --rate 5 --warm-up 60 --json`,
    )
    .action(simulate);
}

/** Answers that are kept although nobody asked for a line of each. */
const MOST_KEPT = 1_000_000;

async function simulate(options: SimulateOptions): Promise<void> {
  useCatalogue(await readCatalogue(options.catalogue));
  const config = simulatedConfig(await resolveConfig(options));
  const { simulate: play, refuseWhatCannotBeSimulated } = await import('#fleet/simulate/simulation.js');
  const { simulationReport } = await import('#fleet/simulate/report.js');
  refuseWhatCannotBeSimulated(config.pool);
  const trace = await readTraceFile(options.trace);
  const requests =
    options.rate === undefined
      ? timedRequests(trace, options.trace)
      : poissonRequests(trace.requests, options.rate, seededRandom(options.seed));
  const keepAnswers = options.requestsOut !== undefined || requests.length <= MOST_KEPT;
  const others = options.seeds > 1 ? await otherSeeds(config, trace, options) : [];
  const startedAt = performance.now();
  const result = play(requests, {
    keepAnswers,
    ...{ config, model: options.model, seed: options.seed },
    rateScale: options.rate === undefined ? options.rateScale : 1,
    ...(options.warmUp === undefined ? {} : { warmUpMs: 1000 * options.warmUp }),
    ...(trace.startedAt === undefined ? {} : { startedAt: trace.startedAt }),
    progress: arrived => {
      if (process.stderr.isTTY) process.stderr.write(`\r${arrived} of ${requests.length} requests`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const report = await told(simulationReport(result, performance.now() - startedAt), others);
  if (options.requestsOut !== undefined) await writeRequests(result, options.requestsOut);
  if (options.html !== undefined) {
    const { simulationPage } = await import('#fleet/report-page/simulation-page.js');
    const source = config.source === 'demonstration' ? 'the demonstration' : basename(config.source);
    await writePage(options.html, simulationPage(source, report, result.completed, report.intervals));
  }
  if (options.json) printJson(report);
  else process.stdout.write(render(report));
}

/** Reports of all seeds but the first, played in threads. */
async function otherSeeds(
  config: TwinConfig,
  trace: Trace,
  { seed, seeds: count, rate, rateScale, model, warmUp }: SimulateOptions,
): Promise<readonly SimulationReport[]> {
  const { playSeeds } = await import('#fleet/simulate/seed-runs.js');
  const runs = {
    ...{ config, model, requests: trace.requests, startedAt: trace.startedAt },
    warmUpMs: warmUp === undefined ? undefined : 1000 * warmUp,
    arrivals: rate === undefined ? { rateScale } : { rate },
    seeds: Array.from({ length: count }, (_, i) => seed + i),
  };
  return playSeeds(runs, 1);
}

type Told = SimulationReport & { readonly intervals?: SeedIntervals };

async function told(report: SimulationReport, others: readonly SimulationReport[]): Promise<Told> {
  return others.length === 0 ? report : (await import('#fleet/simulate/seed-runs.js')).overSeeds(report, others);
}

function seeds(text: string): number {
  const value = atLeastOne(text);
  if (value > 64) throw new InvalidArgumentError('Expected a whole number from 1 to 64.');
  return value;
}

function render(report: Told): string {
  const { requests } = report;
  const lines = [
    `${requests.arrived} requests: ${requests.completed} answered, ${requests.rejected} rejected, ${requests.failed} failed`,
    ...Object.entries({ ...report.rejections, ...report.failures }).map(([code, count]) => `  ${count} × ${code}`),
    ...(report.answers.retried > 0 ? [`  ${report.answers.retried} answered after another attempt had failed`] : []),
  ];
  for (const [name, { requests: count, answered }] of Object.entries(report.decisions)) {
    const models = Object.entries(answered).map(([model, answers]) => `${model} ${answers}`);
    lines.push(
      `decision ${name === '' ? 'none' : name}: ${count} requests${models.length > 0 ? `, answered by ${models.join(', ')}` : ''}`,
    );
  }
  if (report.missing_signals.length > 0) {
    lines.push(`unknown, for the trace does not tell: ${report.missing_signals.join(', ')}`);
  }
  for (const metric of ['ttft_ms', 'tpot_ms', 'e2e_ms'] as const) {
    const { mean, p50, p90, p99 } = report[metric];
    lines.push(
      `${metric.slice(0, -3).padEnd(5)} mean ${timeText(mean)}, P50 ${timeText(p50)}, P90 ${timeText(p90)}, P99 ${timeText(p99)}`,
    );
  }
  for (const [name, pool] of Object.entries(report.pools)) {
    lines.push(
      `${name}: ${pool.replicas} replicas${sizeOf(pool)}, ${pool.completed} answered, engines busy ${percent(pool.utilisation)}, prefix hits ` +
        `${percent(pool.prefix_hit_rate)}, load max/mean ${pool.load_max_over_mean.toFixed(2)}, preempted ${pool.preemptions}`,
      `  a replica keeps ${cacheText(pool)}`,
    );
    const tiers = tiersText(pool);
    if (tiers !== '') lines.push(`  ${tiers}`);
  }
  for (const [name, { mean, interval }] of Object.entries(report.intervals?.metrics ?? {})) {
    const { words, value, range } = metricText(name);
    lines.push(`${words}: ${value(mean)} over ${report.intervals!.seeds} seeds, 95 % within ${range(interval)}`);
  }
  lines.push(
    `$${report.cost_usd.toFixed(2)} over ${timeText(1000 * report.duration_s)}, ${report.tokens_per_joule.toFixed(3)} output tokens a joule`,
    `${report.requests_per_s.toFixed(0)} requests a second simulated`,
  );
  return `${lines.join('\n')}\n`;
}

function sizeOf({ replicas, most_replicas, failures, availability }: SimulationReport['pools'][string]): string {
  const most = most_replicas > replicas ? ` (${most_replicas} at most)` : '';
  return failures > 0 ? `${most}, ${failures} failures, up ${percent(availability)}` : most;
}

function percent(share: number): string {
  return shareText(share, 1);
}

async function writeRequests({ completed }: PoolTwinResult, file: string): Promise<void> {
  const lines = completed.map(({ index, arrivalMs, pool, replica, cachedTokens, ttftMs, tpotMs, e2eMs }) =>
    JSON.stringify({
      ...{ id: index, arrival_s: arrivalMs / 1000, ttft_ms: ttftMs, tpot_ms: tpotMs ?? null, e2e_ms: e2eMs },
      ...{ pool, replica, cached_tokens: cachedTokens },
    }),
  );
  try {
    await writeFile(file, lines.length === 0 ? '' : `${lines.join('\n')}\n`);
  } catch (cause) {
    throw new WeirError('usage.invalid', `Cannot write ${file}`, { cause });
  }
}
