import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { catalogueOption, readCatalogue } from '#cli/catalogue-file.js';
import { jsonOption, positive, printJson, seedOption } from '#cli/options.js';
import { expectWritable } from '#cli/output-file.js';
import { withFlags } from '#cli/plan-flags.js';
import { renderPlan } from '#cli/plan-text.js';
import { below1, budget, names, notNegative, share, span, upTo1 } from '#cli/plan-values.js';
import { kvCacheOption, weightsOption } from '#cli/precision-options.js';
import { poissonRequests } from '#cli/timed-requests.js';
import { readTraceFile } from '#cli/trace-file.js';
import { writeFiles, writePage } from '#cli/write-files.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { cdfRequests, DRAWN } from '#fleet/plan/cdf-requests.js';
import type { TierSize, TierWish } from '#fleet/plan/memory-tiers.js';
import { PRICE_KINDS, type PriceKind } from '#pool/engine/catalogue/schema.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import { readCdf } from '#workload/generate/length-cdf.js';
import type { TraceRequest } from '#workload/traces/trace.js';

interface PlanOptions {
  readonly trace?: string;
  readonly cdf?: string;
  readonly sloTtft: number;
  readonly sloTpot: number;
  readonly gpu: readonly string[];
  readonly model: string;
  readonly weights?: WeightPrecision;
  readonly kvCache?: KvPrecision;
  readonly rate?: number;
  readonly budget?: number;
  readonly catalogue?: string;
  readonly price: PriceKind;
  readonly provider?: string;
  readonly availability: number;
  readonly up: number;
  readonly spotUp?: number;
  readonly disaggregated: boolean;
  readonly kvLink: number;
  readonly hostMemory?: number;
  readonly hostLink: number;
  readonly hostPrice: number;
  readonly disk?: number;
  readonly diskLink: number;
  readonly diskPrice: number;
  readonly resize?: number;
  readonly compressible: number;
  readonly emit?: string;
  readonly html?: string;
  readonly seed: number;
  readonly json: boolean;
}

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
    .addOption(weightsOption())
    .addOption(kvCacheOption())
    .option('--rate <x>', 'requests a second (default: as in the trace)', positive)
    .option(
      '--budget <usd>',
      'in place of a rate, USD an hour or a month (40/h, 30000/month): the largest rate that they carry',
      budget,
    )
    .addOption(
      new Option('--price <kind>', 'what GPUs are paid for as')
        .choices(PRICE_KINDS)
        .default('on_demand' satisfies PriceKind),
    )
    .option(
      '--provider <name>',
      'whose prices: aws, hyperstack, lambda, nebius, … (default: the first in the catalogue)',
    )
    .addOption(catalogueOption())
    .option('--availability <share>', 'probability with which enough replicas are to be up at any time', below1, 0.999)
    .option('--up <share>', 'share of time that a machine on demand or reserved is up', upTo1, 0.9989)
    .option(
      '--spot-up <share>',
      'share of time that spot capacity is there; spot machines are bought only where it is said',
      upTo1,
    )
    .option('--disaggregated', 'also try fleets whose prompts are computed on replicas of their own', false)
    .option(
      '--kv-link <gbps>',
      'with --disaggregated: gigabytes of KV a second into a replica that answers',
      positive,
      25,
    )
    .option(
      '--host-memory <gb>',
      'gigabytes of host memory beside each GPU that keep KV which the GPU gives up',
      positive,
    )
    .option('--host-link <gbps>', 'with --host-memory: gigabytes a second that a GPU reads from there', positive, 25)
    .option('--host-price <usd>', 'with --host-memory: USD a month for each of those gigabytes', notNegative, 0)
    .option(
      '--disk <gb>',
      'with --host-memory: gigabytes of storage beside each GPU that keep what that gives up',
      positive,
    )
    .option('--disk-link <gbps>', 'with --disk: gigabytes a second that a GPU reads from there', positive, 3)
    .option('--disk-price <usd>', 'with --disk: USD a month for each of those gigabytes', notNegative, 0)
    .option(
      '--resize <duration>',
      'also plan a fleet in two pools whose replicas and boundary change every so often',
      span,
    )
    .option(
      '--compressible <share>',
      'with --resize: share of requests a little over the boundary whose prompts can be compressed to it',
      share,
      0,
    )
    .option('--html <file>', 'where to write the plan as a page that is one file')
    .option('--emit <dir>', 'where to write weir.yaml and Kubernetes manifests of the best fleet')
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Prices are those of the catalogue, each with its date and source; by default what published planners assume on demand.
docs/planning.md says how it is computed and how far to trust it.
Exit code: 0 done, 1 no fleet that was tried holds, 2 unreadable input or a budget that carries nothing.

Examples:
  $ weir plan --trace conversations.csv --model llama-3.1-70b --gpu h100,a100 --rate 40
  $ weir plan --trace conversations.csv --model llama-3.1-70b --weights fp8 --kv-cache fp8
  $ weir plan --cdf lengths.json --rate 100 --slo-ttft 300 --json
  $ weir plan --trace conversations.csv --model llama-3.1-70b --budget 60/h
  $ weir plan --trace long-prompts.csv --rate 2 --disaggregated --kv-link 50
  $ weir plan --trace agents.jsonl --host-memory 100 --disk 1000 --disk-price 0.1
  $ weir plan --trace day.csv --resize 1h --spot-up 0.9 --availability 0.9999
  $ weir plan --trace conversations.csv --price reserved --provider hyperstack --emit fleet/`,
    )
    .action(plan);
}

async function plan(options: PlanOptions): Promise<void> {
  if (options.html !== undefined) await expectWritable(options.html);
  const catalogue = await readCatalogue(options.catalogue);
  const requests = await requestsOf(options);
  const [{ planFleet }, { planFiles }] = await Promise.all([
    import('#fleet/plan/plan.js'),
    import('#fleet/emit/emit.js'),
  ]);
  const report = withFlags(() =>
    planFleet({
      ...{ requests, catalogue },
      ...{ ...(options.rate && { rate: options.rate }), ...(options.budget && { budget: options.budget }) },
      ...{ ...(options.weights && { weights: options.weights }), ...(options.kvCache && { kvCache: options.kvCache }) },
      ...{ model: options.model, gpus: options.gpu, seed: options.seed, clock: performance },
      price: { kind: options.price, ...(options.provider === undefined ? {} : { provider: options.provider }) },
      buying: { target: options.availability, up: options.up, spotUp: options.spotUp },
      ...(options.resize === undefined
        ? {}
        : { overTime: { windowMs: options.resize, compressible: options.compressible } }),
      ...(options.disaggregated ? { disaggregate: { link: options.kvLink } } : {}),
      ...tiersOf(options),
      slo: { ttftP99Ms: options.sloTtft, tpotMs: options.sloTpot },
      progress: text => process.stderr.write(`${text}\n`),
    }),
  );
  if (options.emit !== undefined) {
    await writeFiles(options.emit, planFiles(report, catalogue, options.catalogue !== undefined));
  }
  if (options.html !== undefined) {
    const { planPage } = await import('#fleet/report-page/plan-page.js');
    await writePage(options.html, planPage(report));
  }
  if (options.json) printJson(report);
  else process.stdout.write(renderPlan(report));
  if (report.best === null) process.exitCode = 1;
}

function tiersOf(options: PlanOptions): { readonly tiers?: TierWish } {
  const { hostMemory, hostLink, hostPrice, disk, diskLink, diskPrice } = options;
  const size = (gigabytes: number, link: number, usdPerGbMonth: number): TierSize => ({
    ...{ bytes: gigabytes * 1e9, link, usdPerGbMonth },
  });
  if (hostMemory !== undefined) {
    const host = size(hostMemory, hostLink, hostPrice);
    return { tiers: disk === undefined ? { host } : { host, disk: size(disk, diskLink, diskPrice) } };
  }
  if (disk === undefined) return {};
  throw new WeirError('usage.invalid', 'Storage keeps what the memory of hosts gives up.', {
    hint: '--host-memory GB',
  });
}

/** What requests without times are drawn at where the rate is what is asked: it is stretched anyway. */
const ANY_RATE = 1;

async function requestsOf({ trace, cdf, seed, ...options }: PlanOptions): Promise<readonly TraceRequest[]> {
  if ((trace === undefined) === (cdf === undefined)) {
    throw new WeirError('usage.invalid', 'Expected either a trace or a distribution.', {
      hint: '--trace FILE or --cdf FILE',
    });
  }
  const rate = options.rate ?? (options.budget === undefined ? undefined : ANY_RATE);
  const random = seededRandom(seed);
  if (trace !== undefined) {
    const read = await readTraceFile(trace);
    if (read.timed) return read.requests;
    if (rate !== undefined) return poissonRequests(read.requests, rate, random);
  } else if (rate !== undefined) {
    return cdfRequests(readCdf(await json(cdf!), cdf!), DRAWN, rate, random);
  }
  throw new WeirError('usage.invalid', 'Nothing says how many requests come in a second.', {
    hint: '--rate X, or --budget X/h',
  });
}

async function json(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new WeirError('trace.unreadable', `Cannot read ${file} as JSON.`, { path: file, cause });
  }
}
