import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { jsonOption, positive, printJson, seedOption } from '#cli/options.js';
import { poissonRequests } from '#cli/timed-requests.js';
import { readTraceFile } from '#cli/trace-file.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { FleetReport, PlanReport } from '#fleet/plan/plan.js';
import { drawLengths, readCdf } from '#workload/generate/length-cdf.js';
import { NO_PREFIX, type TraceRequest } from '#workload/traces/trace.js';

interface PlanOptions {
  readonly trace?: string;
  readonly cdf?: string;
  readonly sloTtft: number;
  readonly sloTpot: number;
  readonly gpu: readonly string[];
  readonly model: string;
  readonly rate?: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Requests that are drawn from a distribution. */
const DRAWN = 10_000;

export function planCommand(): Command {
  return new Command('plan')
    .description(
      'Finds the cheapest fleet for a trace under an SLO: which GPUs, how many, divided how. What it proposes has held in the twin;\n' +
        'what the twin rejects it does not show.',
    )
    .option('--trace <file>', 'a trace of any known format; - reads standard input')
    .option(
      '--cdf <file>',
      'instead of a trace a distribution of total tokens: a JSON list of [tokens, share no longer]',
    )
    .option('--slo-ttft <ms>', 'P99 of the time to first token', positive, 500)
    .option('--slo-tpot <ms>', 'mean time per output token', positive, 50)
    .option('--gpu <names>', 'GPUs that may be used, separated by commas', names, ['h100', 'a100'])
    .option('--model <name>', 'model of the engine catalogue', 'llama-3.1-8b')
    .option('--rate <x>', 'requests a second (default: as in the trace)', positive)
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Prices are those of the catalogue. docs/planning.md says how it is computed and how far to trust it.
Exit code: 0 done, 1 no fleet that was tried holds, 2 unreadable input.

Examples:
  $ weir plan --trace conversations.csv --model llama-3.1-70b --gpu h100,a100 --rate 40
  $ weir plan --cdf lengths.json --rate 100 --slo-ttft 300 --json`,
    )
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  const requests = await requestsOf(options);
  const { planFleet } = await import('#fleet/plan/plan.js');
  const report = planFleet({
    requests,
    ...(options.rate === undefined ? {} : { rate: options.rate }),
    ...{ model: options.model, gpus: options.gpu, seed: options.seed, clock: performance },
    slo: { ttftP99Ms: options.sloTtft, tpotMs: options.sloTpot },
    progress: text => process.stderr.write(`${text}\n`),
  });
  if (options.json) printJson(report);
  else process.stdout.write(render(report));
  if (report.best === null) process.exitCode = 1;
}

async function requestsOf({ trace, cdf, rate, seed }: PlanOptions): Promise<readonly TraceRequest[]> {
  if ((trace === undefined) === (cdf === undefined)) {
    throw new WeirError('usage.invalid', 'Expected either a trace or a distribution.', {
      hint: '--trace FILE or --cdf FILE',
    });
  }
  const random = seededRandom(seed);
  if (trace !== undefined) {
    const read = await readTraceFile(trace);
    if (read.timed) return read.requests;
    if (rate !== undefined) return poissonRequests(read.requests, rate, random);
  } else if (rate !== undefined) {
    const lengths = readCdf(await json(cdf!), cdf!);
    const draws = random.fork('lengths');
    const drawn = Array.from({ length: DRAWN }, () => ({
      ...drawLengths(lengths, draws),
      arrivalMs: 0,
      prefix: NO_PREFIX,
    }));
    return poissonRequests(drawn, rate, random);
  }
  throw new WeirError('usage.invalid', 'Nothing says how many requests come in a second.', { hint: '--rate X' });
}

async function json(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new WeirError('trace.unreadable', `Cannot read ${file} as JSON.`, { path: file, cause });
  }
}

function render(report: PlanReport): string {
  const { best, slo } = report;
  const head = `${report.model}, ${report.rate.toFixed(2)} requests/s, P99 TTFT ≤ ${slo.ttft_p99_ms} ms, mean TPOT ≤ ${slo.tpot_ms} ms\n`;
  if (best === null) return `${head}no fleet that was tried holds this in the twin\n`;
  const lines = ['', 'best (held in the twin)', ...fleet(best), '', 'also held, none better in every respect'];
  for (const other of report.pareto) if (other !== best) lines.push(...fleet(other), '');
  lines.push('what changes');
  for (const { change, holds, p99_ttft_ms: p99 } of report.sensitivity) {
    lines.push(`  ${change}: ${holds ? 'holds' : 'breaks'}${p99 === null ? '' : `, P99 TTFT ${p99.toFixed(0)} ms`}`);
  }
  return `${head}${lines.join('\n')}\n\n${report.wall_s.toFixed(1)} s\n`;
}

function fleet({ pools, usd_per_hour: usd, verified, tokens_per_joule: tokens }: FleetReport): readonly string[] {
  const lines = pools.map(
    ({ gpu, replicas, gpus, boundary, utilisation, p99_ttft_ms: p99 }) =>
      `  ${replicas} replicas of ${gpus / replicas} × ${gpu}${boundary === null ? '' : `, up to ${boundary} tokens`}: ` +
      `utilisation ${utilisation.toFixed(2)}, P99 TTFT ${p99.toFixed(0)} ms`,
  );
  lines.push(
    `  $${usd.toFixed(2)}/h, ${tokens.toFixed(2)} output tokens a joule, TPOT ${verified.tpot_ms.toFixed(1)} ms, ${verified.seeds} arrival patterns`,
  );
  return lines;
}

function names(text: string): readonly string[] {
  const list = text.split(',').map(name => name.trim());
  if (list.some(name => name === '')) throw new InvalidArgumentError('Expected names separated by commas.');
  return [...new Set(list)];
}
