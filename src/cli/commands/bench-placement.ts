import { createReadStream } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { integer, jsonOption, positive, printJson, seedOption } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';

const MOST_REPLICAS = 4096;
const MOST_BLOCKS = 100_000_000;

interface BenchOptions {
  readonly trace: string;
  readonly replicas: number;
  readonly blocks?: number;
  readonly policy?: readonly string[];
  readonly load?: number;
  readonly model?: string;
  readonly gpu?: string;
  readonly tp?: number;
  readonly seed: number;
  readonly json: boolean;
}

export function benchPlacementCommand(): Command {
  return new Command('placement')
    .description('compare placement policies on a trace, in virtual time')
    .requiredOption('--trace <file>', 'trace with hash blocks (Mooncake JSONL)')
    .option('--replicas <n>', 'replicas', whole(1, MOST_REPLICAS), 8)
    .option('--blocks <n>', 'prefix blocks that a replica caches (absent: unbounded)', whole(1, MOST_BLOCKS))
    .option(
      '--policy <names>',
      'policies, separated by commas: weir, max_prefix, least_load, power_of_two, round_robin',
      names,
    )
    .option(
      '--load <x>',
      'arrivals come x times as fast as in the trace (absent: as fast as loads the fleet to 0.85)',
      positive,
    )
    .option('--model <name>', 'model that the replicas run (default: llama-3.1-70b)')
    .option('--gpu <name>', 'GPU that they run on (default: h100)')
    .option('--tp <n>', 'GPUs a replica (default: 8, or 1 with --model or --gpu)', whole(1, 1024))
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
  $ weir bench placement --trace conversation.jsonl --blocks 400 --model llama-3.1-8b --gpu l40s`,
    )
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const [{ benchPlacement }, { DEFAULT_ENGINE }, { renderPlacementReport }, { readTrace }] = await Promise.all([
    import('#lab/placement/bench.js'),
    import('#lab/placement/engines.js'),
    import('#lab/placement/table.js'),
    import('#workload/traces/read.js'),
  ]);
  const trace = await readTrace(textOf(options.trace));
  if (trace.refused > 0) {
    process.stderr.write(
      `${options.trace}: rows left out: ${trace.refused}; the first: ${trace.problems[0]?.message}\n`,
    );
  }
  const { model, gpu, tp } = options;
  const own = model !== undefined || gpu !== undefined;
  const report = benchPlacement(trace, {
    replicas: options.replicas,
    ...(options.blocks === undefined ? {} : { blocks: options.blocks }),
    ...(options.policy === undefined ? {} : { policies: options.policy }),
    ...(options.load === undefined ? {} : { load: options.load }),
    seed: options.seed,
    engine: {
      model: model ?? DEFAULT_ENGINE.model,
      gpu: gpu ?? DEFAULT_ENGINE.gpu,
      tp: tp ?? (own ? 1 : DEFAULT_ENGINE.tp),
    },
    clock: performance,
    progress: progressOf(trace.requests.length),
  });
  if (options.json) printJson(report);
  else process.stdout.write(renderPlacementReport(report));
}

/** The text of a file as it is read, with what keeps it from being read told as an error of the catalogue. */
async function* textOf(file: string): AsyncGenerator<string> {
  try {
    for await (const piece of createReadStream(file, { encoding: 'utf8' })) yield String(piece);
  } catch (cause) {
    throw new WeirError('trace.unreadable', cause instanceof Error ? cause.message : String(cause), {
      path: file,
      cause,
    });
  }
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

function names(text: string): readonly string[] {
  const list = text.split(',').map(name => name.trim());
  if (list.some(name => name === '')) throw new InvalidArgumentError('Expected names separated by commas.');
  return [...new Set(list)];
}
