import { Command, InvalidArgumentError } from 'commander';
import { integer, jsonOption, positive, printJson, seedOption } from '#cli/options.js';
import { kvCacheOption, weightsOption } from '#cli/precision-options.js';
import { readTraceFile } from '#cli/trace-file.js';
import { WeirError } from '#contract/errors.js';
import type { KvPrecision, WeightPrecision } from '#pool/engine/precision.js';
import type { Trace } from '#workload/traces/trace.js';

const MOST_REPLICAS = 4096;
const MOST_BLOCKS = 100_000_000;
const DEFAULT_SHARES = [0.5, 0.8, 0.95];

interface BenchOptions {
  readonly trace: string;
  readonly conversations: boolean;
  readonly replicas: number;
  readonly blocks?: number;
  readonly hostBlocks?: number;
  readonly hostLink: number;
  readonly diskBlocks?: number;
  readonly diskLink: number;
  readonly policy?: readonly string[];
  readonly candidates?: number;
  readonly load?: number;
  readonly sweep?: readonly number[] | true;
  readonly resamples: number;
  readonly model?: string;
  readonly weights?: WeightPrecision;
  readonly kvCache?: KvPrecision;
  readonly gpu?: string;
  readonly tp?: number;
  readonly seed: number;
  readonly json: boolean;
}

export function benchPlacementCommand(): Command {
  return new Command('placement')
    .description('compare placement policies on a trace, in virtual time')
    .requiredOption('--trace <file>', 'trace with hash blocks (Mooncake, or Weir’s own), or of lengths (Azure)')
    .option('--conversations', 'give a trace of lengths made-up conversations', false)
    .option('--replicas <n>', 'replicas', whole(1, MOST_REPLICAS), 8)
    .option('--blocks <n>', 'prefix blocks that a replica caches (absent: unbounded)', whole(1, MOST_BLOCKS))
    .option(
      '--host-blocks <n>',
      "prefix blocks that each replica's host memory keeps beside them (absent: none)",
      whole(1, MOST_BLOCKS),
    )
    .option('--host-link <GB/s>', 'with --host-blocks: gigabytes a second that each GPU reads from there', positive, 25)
    .option(
      '--disk-blocks <n>',
      'prefix blocks that storage behind each host keeps beside those (absent: none)',
      whole(1, MOST_BLOCKS),
    )
    .option('--disk-link <GB/s>', 'with --disk-blocks: gigabytes a second that each GPU reads from there', positive, 3)
    .option(
      '--policy <names>',
      'policies, separated by commas: weir, whole_prefix, max_prefix, least_load, power_of_two, round_robin, llm_d, dynamo, sglang, aibrix',
      names,
    )
    .option('--candidates <n>', 'most replicas that are scored for one request (default: 64)', whole(2, 1024))
    .option(
      '--load <x>',
      'arrivals come x times as fast as in the trace (absent: as fast as loads the fleet to 0.85)',
      positive,
    )
    .option('--sweep [shares]', 'at shares of measured saturation (default: 50,80,95), with intervals', percentages)
    .option('--resamples <n>', 'bootstrap resamples of the trace for the intervals', whole(0, 1000), 5)
    .option('--model <name>', 'model that the replicas run (default: llama-3.1-70b)')
    .option('--gpu <name>', 'GPU that they run on (default: h100)')
    .option('--tp <n>', 'GPUs a replica (default: 8, or 1 with --model or --gpu)', whole(1, 1024))
    .addOption(weightsOption())
    .addOption(kvCacheOption())
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Each policy plays the whole trace on modelled engines whose KV memory is the cache. Reported beside it: what one shared cache of
the same total size would hit. docs/placement.md defines every number.
Exit code: 0 done, 2 the trace cannot be read or the options make no sense.

Examples:
  $ weir bench placement --trace conversation.jsonl --replicas 8 --blocks 800
  $ weir bench placement --trace conversation.jsonl --blocks 2000 --policy weir,least_load --load 1 --json
  $ weir bench placement --trace conversation.jsonl --blocks 800 --sweep 50,95 --resamples 5
  $ weir bench placement --trace conversation.jsonl --blocks 800 --host-blocks 2000 --policy weir --load 1
  $ weir bench placement --trace conversation.jsonl --blocks 800 --weights fp8 --kv-cache fp8 --policy weir --load 1
  $ weir bench placement --trace azure.csv --conversations --blocks 6400 --sweep`,
    )
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const trace = await traceOf(options);
  const { DEFAULT_ENGINE } = await import('#lab/placement/engines.js');
  const { model, gpu, tp, weights, kvCache, replicas, blocks, policy, load, sweep, candidates, seed } = options;
  const { hostBlocks, hostLink, diskBlocks, diskLink } = options;
  if (diskBlocks !== undefined && hostBlocks === undefined) {
    throw new WeirError(
      'usage.invalid',
      '--disk-blocks without --host-blocks: what goes to storage has left the host.',
      {
        hint: 'give --host-blocks',
      },
    );
  }
  if (hostBlocks !== undefined && blocks === undefined) {
    throw new WeirError('usage.invalid', '--host-blocks without --blocks: what never overflows needs no host.', {
      hint: 'give --blocks',
    });
  }
  const own = model !== undefined || gpu !== undefined;
  const common = {
    replicas,
    ...(blocks === undefined ? {} : { blocks }),
    ...(hostBlocks === undefined
      ? {}
      : {
          host: {
            ...{ blocks: hostBlocks, bandwidth: hostLink * 1e9 },
            ...(diskBlocks === undefined ? {} : { disk: { blocks: diskBlocks, bandwidth: diskLink * 1e9 } }),
          },
        }),
    ...(policy === undefined ? {} : { policies: policy }),
    ...(candidates === undefined ? {} : { candidates }),
    seed,
    engine: {
      model: model ?? DEFAULT_ENGINE.model,
      gpu: gpu ?? DEFAULT_ENGINE.gpu,
      tp: tp ?? (own ? 1 : DEFAULT_ENGINE.tp),
      ...{ weights, kvCache },
    },
    clock: performance,
  };
  if (sweep === undefined) {
    const [{ benchPlacement }, { renderPlacementReport }] = await Promise.all([
      import('#lab/placement/bench.js'),
      import('#lab/placement/table.js'),
    ]);
    const progress = progressOf(trace.requests.length);
    const report = benchPlacement(trace, { ...common, progress, ...(load === undefined ? {} : { load }) });
    if (options.json) printJson(report);
    else process.stdout.write(renderPlacementReport(report));
    return;
  }
  if (load !== undefined) {
    throw new WeirError('usage.invalid', '--load and --sweep both say how fast requests come.', { hint: 'give one' });
  }
  const [{ sweepPlacement }, { renderSweep }] = await Promise.all([
    import('#lab/placement/sweep.js'),
    import('#lab/placement/sweep-table.js'),
  ]);
  const report = sweepPlacement(trace, {
    ...common,
    shares: sweep === true ? DEFAULT_SHARES : sweep,
    resamples: options.resamples,
    progress: what => process.stderr.write(`${what} …\n`),
  });
  if (options.json) printJson(report);
  else process.stdout.write(renderSweep(report));
}

/** The trace, with blocks for prompts of which it tells only the length. */
async function traceOf({ trace: file, conversations, seed }: BenchOptions): Promise<Trace> {
  const trace = await readTraceFile(file);
  if (!trace.timed) {
    throw new WeirError('trace.unreadable', `A ${trace.format} trace without times says nothing of load.`, {
      path: file,
      hint: 'a Mooncake or Azure trace, or one of `weir trace generate`',
    });
  }
  if (trace.requests.some(({ prefix }) => prefix.hashes.length > 0)) {
    if (!conversations) return trace;
    throw new WeirError('usage.invalid', 'This trace says itself what is shared.', {
      hint: 'leave --conversations out',
    });
  }
  const [{ inferConversations }, { seededRandom }] = await Promise.all([
    import('#lab/placement/conversations.js'),
    import('#contract/random.js'),
  ]);
  const random = seededRandom(seed).fork('conversations');
  return inferConversations(trace, random, conversations ? {} : { continuing: 0 });
}

/** Tells of each policy once, and of every tenth of its way where somebody watches. */
function progressOf(requests: number): (policy: string, arrived: number) => void {
  let current = '';
  let tenth = -1;
  return (policy, arrived) => {
    const now = Math.floor((10 * arrived) / requests);
    if (policy === current && (now === tenth || !process.stderr.isTTY)) return;
    current = policy;
    tenth = now;
    process.stderr.write(process.stderr.isTTY ? `${policy}: ${10 * now} %\n` : `${policy} …\n`);
  };
}

function whole(least: number, most: number): (text: string) => number {
  return text => {
    const value = integer(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function percentages(text: string): readonly number[] {
  const shares = names(text).map(part => Number(part) / 100);
  if (shares.every(share => share > 0 && share <= 2) && shares.length <= 16) return shares;
  throw new InvalidArgumentError('Expected up to 16 percentages of saturation, separated by commas, such as 50,80,95.');
}

function names(text: string): readonly string[] {
  const list = text.split(',').map(name => name.trim());
  if (list.some(name => name === '')) throw new InvalidArgumentError('Expected names separated by commas.');
  return [...new Set(list)];
}
