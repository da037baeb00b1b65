import { Command, InvalidArgumentError } from 'commander';
import { integer, jsonOption, positive, printJson, seedOption } from '#cli/options.js';
import { readTraceFile } from '#cli/trace-file.js';
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
    .requiredOption('--trace <file>', 'trace with hash blocks (Mooncake, or Weir’s own)')
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
  const [{ benchPlacement }, { DEFAULT_ENGINE }, { renderPlacementReport }] = await Promise.all([
    import('#lab/placement/bench.js'),
    import('#lab/placement/engines.js'),
    import('#lab/placement/table.js'),
  ]);
  const trace = await readTraceFile(options.trace);
  if (!trace.timed || trace.requests.every(({ prefix }) => prefix.hashes.length === 0)) {
    throw new WeirError(
      'trace.unreadable',
      `A ${trace.format} trace without times or block hashes says nothing of caches.`,
      {
        path: options.trace,
        hint: 'a Mooncake trace, or one of `weir trace generate --mix agent=1`',
      },
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
