import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { withoutEngines } from '#cli/local-engines.js';
import { type CommonOptions, positive, printJson, resolveConfig, withCommonOptions } from '#cli/options.js';
import { poissonRequests, timedRequests } from '#cli/timed-requests.js';
import { readTraceFile } from '#cli/trace-file.js';
import { distributionOf, median } from '#contract/distribution.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { PoolTwinResult } from '#fleet/twin/pool-twin.js';
import type { PoolConfig } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';

interface SimulateOptions extends CommonOptions {
  readonly trace: string;
  readonly rateScale: number;
  readonly rate?: number;
  readonly model?: string;
  readonly requestsOut?: string;
}

export function simulateCommand(): Command {
  return withCommonOptions(
    new Command('simulate')
      .description(
        'Plays a trace through the pools of a configuration in virtual time: the code that serves traffic (placement, queues, limits)\n' +
          'over modelled engines. Pools need `simulate`; decisions of the router are not played, for a trace has no text.',
      )
      .requiredOption('--trace <file>', 'a trace of any known format; - reads standard input')
      .option('--rate-scale <x>', 'arrivals come x times as fast as in the trace', positive, 1)
      .option('--rate <x>', 'requests a second, Poisson, in place of the times of the trace', positive)
      .option('--model <name>', 'model that is asked for where the trace names none that is configured')
      .option('--requests-out <file>', 'where to write a line for each answered request'),
  )
    .addHelpText(
      'after',
      `
docs/planning.md says what is simulated. The same trace, configuration and seed give the same result.
Exit code: 0 done, 2 unreadable input or a configuration that cannot be simulated.

Examples:
  $ weir simulate -c weir.yaml --trace conversation.jsonl --rate-scale 2
  $ weir simulate --trace lengths.csv --rate 5 --json`,
    )
    .action(simulate);
}

async function simulate(options: SimulateOptions): Promise<void> {
  const config = withoutEngines(await resolveConfig(options)).pool;
  const { playPool } = await import('#fleet/twin/pool-twin.js');
  refuseWhatCannotBeSimulated(config);
  const trace = await readTraceFile(options.trace);
  const random = seededRandom(options.seed);
  const requests =
    options.rate === undefined
      ? timedRequests(trace, options.trace)
      : poissonRequests(trace.requests, options.rate, random);
  const startedAt = performance.now();
  const result = playPool(requests, {
    config,
    modelOf: modelOf(config, options.model),
    random,
    rateScale: options.rate === undefined ? options.rateScale : 1,
    progress: arrived => {
      if (process.stderr.isTTY) process.stderr.write(`\r${arrived} of ${requests.length} requests`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const report = reportOf(result, (performance.now() - startedAt) / 1000);
  if (options.requestsOut !== undefined) await writeRequests(result, options.requestsOut);
  if (options.json) printJson(report);
  else process.stdout.write(render(report));
}

function refuseWhatCannotBeSimulated({ pools }: PoolConfig): void {
  for (const [name, { simulate: engine }] of Object.entries(pools)) {
    if (engine !== undefined) continue;
    throw new WeirError('config.missing', `Pool ${name} does not say what its engines are.`, {
      path: `pool.pools.${name}.simulate`,
      hint: 'simulate: { model: llama-3.1-8b, gpu: h100, replicas: 2 } in place of its replicas',
    });
  }
}

/** The model that the trace names, if it is configured; else the one asked for; else the only one that a pool serves. */
function modelOf({ pools }: PoolConfig, asked: string | undefined): (request: TraceRequest) => string {
  const served = [...new Set(Object.values(pools).map(({ model }) => model))];
  if (asked !== undefined && !served.includes(asked)) {
    throw new WeirError('config.unknown_reference', `No pool serves "${asked}".`, {
      hint: `one of ${served.join(', ')}`,
    });
  }
  const fallback = asked ?? (served.length === 1 ? served[0] : undefined);
  return ({ model }) => {
    if (model !== undefined && served.includes(model)) return model;
    if (fallback !== undefined) return fallback;
    throw new WeirError('usage.invalid', 'The trace does not say which of the models it asks for.', {
      hint: `--model, one of ${served.join(', ')}`,
    });
  };
}

type SimulationReport = ReturnType<typeof reportOf>;

function reportOf({ arrived, completed, rejected, failed, endMs, pools }: PoolTwinResult, wallS: number) {
  const hours = endMs / 3_600_000;
  let [usd, joules, outputTokens] = [0, 0, 0];
  for (const pool of pools.values()) {
    usd += pool.usdPerHour * hours;
    joules += pool.joules;
  }
  for (const request of completed) outputTokens += request.outputTokens;
  return {
    requests: {
      arrived,
      completed: completed.length,
      rejected: [...rejected.values()].reduce((sum, count) => sum + count, 0),
      failed,
    },
    rejections: Object.fromEntries(rejected),
    ttft_ms: distributionOf(completed.map(({ ttftMs }) => ttftMs)),
    tpot_ms: distributionOf(completed.flatMap(({ tpotMs }) => tpotMs ?? [])),
    e2e_ms: distributionOf(completed.map(({ e2eMs }) => e2eMs)),
    cost_usd: usd,
    joules,
    tokens_per_joule: joules > 0 ? outputTokens / joules : 0,
    duration_s: endMs / 1000,
    pools: Object.fromEntries(
      [...pools].map(([name, pool]) => [
        name,
        {
          replicas: pool.replicas,
          completed: pool.completed,
          utilisation: pool.utilisation,
          prefix_hit_rate: pool.prefixHitRate,
          load_max_over_mean: median(pool.loadRatios),
          preemptions: pool.preemptions,
          usd_per_hour: pool.usdPerHour,
        },
      ]),
    ),
    requests_per_s: wallS > 0 ? arrived / wallS : 0,
    wall_s: wallS,
  };
}

function render(report: SimulationReport): string {
  const { requests } = report;
  const lines = [
    `${requests.arrived} requests: ${requests.completed} answered, ${requests.rejected} rejected, ${requests.failed} failed`,
    ...Object.entries(report.rejections).map(([code, count]) => `  ${count} × ${code}`),
  ];
  for (const metric of ['ttft_ms', 'tpot_ms', 'e2e_ms'] as const) {
    const { mean, p50, p90, p99 } = report[metric];
    lines.push(
      `${metric.slice(0, -3).padEnd(5)} mean ${mean.toFixed(1)}, P50 ${p50.toFixed(1)}, P90 ${p90.toFixed(1)}, P99 ${p99.toFixed(1)} ms`,
    );
  }
  for (const [name, pool] of Object.entries(report.pools)) {
    lines.push(
      `${name}: ${pool.replicas} replicas, ${pool.completed} answered, engines busy ${percent(pool.utilisation)}, prefix hits ` +
        `${percent(pool.prefix_hit_rate)}, load max/mean ${pool.load_max_over_mean.toFixed(2)}, preempted ${pool.preemptions}`,
    );
  }
  lines.push(
    `$${report.cost_usd.toFixed(2)} over ${report.duration_s.toFixed(0)} s, ${report.tokens_per_joule.toFixed(3)} output tokens a joule`,
    `${report.requests_per_s.toFixed(0)} requests a second simulated`,
  );
  return `${lines.join('\n')}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
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
