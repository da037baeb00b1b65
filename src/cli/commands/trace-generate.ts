import { Command, InvalidArgumentError, Option } from 'commander';
import { integer, jsonAlwaysOption, positive, seedOption } from '#cli/options.js';
import { readTraceFile } from '#cli/trace-file.js';
import { writeTrace } from '#cli/trace-output.js';
import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { ArrivalSpec } from '#workload/generate/arrivals.js';

interface GenerateOptions {
  readonly requests: number;
  readonly rate: number;
  readonly arrivals: 'poisson' | 'gamma' | 'mmpp' | 'diurnal';
  readonly swing: number;
  readonly periodHours: number;
  readonly cv2: number;
  readonly burst: number;
  readonly burstShare: number;
  readonly burstSeconds: number;
  readonly mix: readonly (readonly [name: string, share: number])[];
  readonly like?: string;
  readonly output?: string;
  readonly seed: number;
}

const MOST_REQUESTS = 10_000_000;

export function traceGenerateCommand(): Command {
  return new Command('generate')
    .description("Generates a trace in Weir's own form: arrivals, lengths, sessions with pauses for tools.")
    .option('--requests <n>', 'requests', requestCount, 10_000)
    .option('--rate <x>', 'requests a second, on average', positive, 10)
    .addOption(
      new Option('--arrivals <kind>', 'how sessions begin')
        .choices(['poisson', 'gamma', 'mmpp', 'diurnal'])
        .default('poisson'),
    )
    .option('--cv2 <x>', 'gamma: squared coefficient of variation of the gaps', positive, 4)
    .option('--burst <x>', 'mmpp: rate in bursts over the mean rate', positive, 4)
    .option('--burst-share <x>', 'mmpp: share of time in bursts', positive, 0.1)
    .option('--burst-seconds <x>', 'mmpp: mean length of a burst', positive, 30)
    .option(
      '--swing <x>',
      'diurnal: how far the rate rises above its mean and falls below it, at most 1',
      positive,
      0.6,
    )
    .option('--period-hours <x>', 'diurnal: from one peak to the next', positive, 24)
    .option('--mix <shares>', 'kinds of workload and their shares: azure, lmsys, agent', shares, [
      ['azure', 1],
    ] as const)
    .option('--like <file>', 'draw the lengths of single requests from this trace, as a kind called `like`')
    .option('--output <file>', 'where to write it (default: standard output)')
    .addOption(seedOption())
    .addOption(jsonAlwaysOption())
    .addHelpText(
      'after',
      `
docs/traces.md says what the kinds are. The same options and seed give the same trace.

Examples:
  $ weir trace generate --requests 20000 --rate 8 --output trace.jsonl
  $ weir trace generate --mix azure=0.7,agent=0.3 --arrivals mmpp --burst 5 --output mixed.jsonl
  $ weir trace generate --like conversations.csv --mix like=1 --rate 50 --arrivals gamma --cv2 9`,
    )
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const [{ generateTrace }, { findArchetype, likeTrace }] = await Promise.all([
    import('#workload/generate/generate.js'),
    import('#workload/generate/archetypes.js'),
  ]);
  const like = options.like === undefined ? undefined : likeTrace((await readTraceFile(options.like)).requests);
  const mix = options.mix.map(([name, share]) => {
    if (name !== 'like') return { archetype: findArchetype(name), share };
    if (like !== undefined) return { archetype: like, share };
    throw new WeirError('usage.invalid', 'The kind `like` needs a trace.', { hint: '--like FILE' });
  });
  if (like !== undefined && !mix.some(({ archetype }) => archetype === like)) {
    throw new WeirError('usage.invalid', '--like is given, but no share of it.', { hint: '--mix like=1' });
  }
  const { requests, rate, seed } = options;
  await writeTrace(
    generateTrace({ requests, rate, arrivals: arrivalSpec(options), mix, random: seededRandom(seed) }),
    options.output,
  );
}

function arrivalSpec(options: GenerateOptions): ArrivalSpec {
  const { arrivals, cv2, burst, burstShare, burstSeconds, swing, periodHours } = options;
  if (arrivals === 'gamma') return { kind: arrivals, cv2 };
  if (arrivals === 'poisson') return { kind: arrivals };
  if (arrivals === 'diurnal') return { kind: arrivals, swing, periodMs: 3_600_000 * periodHours };
  return { kind: arrivals, factor: burst, share: burstShare, meanMs: 1000 * burstSeconds };
}

function requestCount(text: string): number {
  const value = integer(text);
  if (value >= 1 && value <= MOST_REQUESTS) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_REQUESTS}.`);
}

function shares(text: string): readonly (readonly [string, number])[] {
  return text.split(',').map(part => {
    const [name = '', share = '1'] = part.split('=').map(word => word.trim());
    const value = Number(share);
    if (name === '' || share === '' || !(value > 0) || !Number.isFinite(value)) {
      throw new InvalidArgumentError('Expected kinds with shares above 0: azure=0.7,agent=0.3.');
    }
    return [name, value] as const;
  });
}
