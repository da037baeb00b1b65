import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { catalogueOption, readCatalogue } from '#cli/catalogue-file.js';
import { integer, jsonOption, positive, printJson, resolveConfig, seedOption } from '#cli/options.js';
import { expectWritable } from '#cli/output-file.js';
import { timedRequests } from '#cli/timed-requests.js';
import { readTraceFile } from '#cli/trace-file.js';
import { writePage } from '#cli/write-files.js';
import { useCatalogue } from '#fleet/catalogue.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { timeText } from '#fleet/time-text.js';
import { metricText } from '#fleet/what-if/metrics.js';
import type { WhatIfReport } from '#fleet/what-if/what-if.js';

interface WhatIfOptions {
  readonly trace: string;
  readonly rateScale: number;
  readonly rate?: number;
  readonly model?: string;
  readonly seeds: number;
  readonly catalogue?: string;
  readonly html?: string;
  readonly seed: number;
  readonly json: boolean;
}

export function whatIfCommand(): Command {
  return new Command('what-if')
    .description(
      'Plays one trace through two configurations, in virtual time, and tells what the second would change: of each metric the\n' +
        'difference, its interval, and whether that shows anything.',
    )
    .argument('<first>', 'configuration as it is')
    .argument('<second>', 'configuration as it might be')
    .requiredOption('--trace <file>', 'a trace of any known format; - reads standard input')
    .option('--rate-scale <x>', 'arrivals come x times as fast as in the trace', positive, 1)
    .option('--rate <x>', 'requests a second, Poisson, in place of the times of the trace', positive)
    .option(
      '--model <name>',
      'what requests ask for, a model or a virtual name; else the model of the trace where it is configured, else the first virtual name',
    )
    .option('--seeds <n>', 'arrival patterns, the same for both, 2 to 64', seeds, 5)
    .addOption(catalogueOption())
    .option('--html <file>', 'where to write the comparison as a page that is one file')
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A pattern is the trace begun at another place, or with --rate another Poisson process. Intervals are 95 %, of the mean difference
within a pattern (Student's t). Verdicts: better, worse, same, or not shown where the interval holds zero.
Exit code: 0 done, 2 unreadable input or a configuration that cannot be simulated.

Examples:
  $ weir what-if weir.yaml two-pools.yaml --trace conversation.jsonl --rate-scale 2
  $ weir what-if weir.yaml more-replicas.yaml --trace lengths.csv --rate 20 --seeds 10 --json`,
    )
    .action(run);
}

async function run(first: string, second: string, options: WhatIfOptions): Promise<void> {
  if (options.html !== undefined) await expectWritable(options.html, [first, second, options.trace]);
  const [{ whatIf }, { refuseWhatCannotBeSimulated }] = await Promise.all([
    import('#fleet/what-if/what-if.js'),
    import('#fleet/simulate/simulation.js'),
  ]);
  useCatalogue(await readCatalogue(options.catalogue));
  const configs = [];
  for (const file of [first, second]) {
    const config = simulatedConfig(await resolveConfig({ config: file }));
    refuseWhatCannotBeSimulated(config.pool);
    configs.push(config);
  }
  const trace = await readTraceFile(options.trace);
  const { rate, seed, rateScale } = options;
  const timed = rate === undefined ? timedRequests(trace, options.trace) : trace.requests;
  const report = await whatIf({
    first: configs[0]!,
    second: configs[1]!,
    ...(options.model === undefined ? {} : { model: options.model }),
    seeds: Array.from({ length: options.seeds }, (_, i) => seed + i),
    requests: timed,
    arrivals: rate === undefined ? { rateScale } : { rate },
    clock: performance,
    progress: (ended, runs, drawn, which) =>
      process.stderr.write(`${ended} of ${runs} runs: seed ${drawn}, ${which}\n`),
  });
  if (options.html !== undefined) {
    const { whatIfPage } = await import('#fleet/report-page/what-if-page.js');
    await writePage(options.html, whatIfPage(basename(first), basename(second), report));
  }
  if (options.json) printJson(report);
  else process.stdout.write(render(report, first, second));
}

function seeds(text: string): number {
  const value = integer(text);
  if (value < 2 || value > 64) throw new InvalidArgumentError('Expected a whole number from 2 to 64.');
  return value;
}

function render(
  { metrics, changes, requests, seeds: drawn, confidence, wall_s }: WhatIfReport,
  first: string,
  second: string,
) {
  const lines = [`${requests} requests, ${drawn.length} patterns; first: ${first}, second: ${second}`, ''];
  lines.push(...changedText(changes), '');
  const rows = [['', 'first', 'second', 'difference', `${100 * confidence} % interval`, 'second is']];
  for (const [name, one] of Object.entries(metrics)) {
    const { words, around, change } = metricText(name);
    const percent = one.relative === null ? '' : ` (${signed(100 * one.relative)} %)`;
    rows.push([
      ...[words, around(one.first, one.first_interval), around(one.second, one.second_interval)],
      ...[`${change(one.difference)}${percent}`],
      ...[`${change(one.interval[0])} to ${change(one.interval[1])}`, one.verdict],
    ]);
  }
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map(row => row[at]!.length)));
  for (const row of rows)
    lines.push(
      row
        .map((text, at) => text.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    );
  return `${lines.join('\n')}\n\n${timeText(1000 * wall_s)}\n`;
}

/** Changes that are told of in a terminal. */
const MOST_TOLD = 40;

function changedText(changes: WhatIfReport['changes']): readonly string[] {
  if (changes.length === 0) return ['nothing that is played differs'];
  const more = changes.length > MOST_TOLD ? [`  and ${changes.length - MOST_TOLD} more: --json has them`] : [];
  return ['what the second changes', ...changes.slice(0, MOST_TOLD).map(({ text }) => `  ${text}`), ...more];
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${Number(value.toPrecision(3))}`;
}
