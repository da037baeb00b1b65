import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { integer, jsonOption, printJson } from '#cli/options.js';
import { WeirError } from '#contract/errors.js';
import type { CalibrationReport } from '#fleet/calibrate/calibration.js';
import type { SiliconReport } from '#fleet/calibrate/silicon.js';

interface CalibrateOptions {
  readonly fit: readonly string[];
  readonly test: readonly string[];
  readonly silicon?: string;
  readonly fitRows: number;
  readonly json: boolean;
}

export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description(
      'Fits the engine model to measured runs and reports its error on what it was not fitted to: three constants at most\n' +
        '(MFU, bandwidth efficiency, overhead of an iteration), request by request.',
    )
    .option(
      '--fit <dir>',
      'a run (meta.json, requests.jsonl) to fit on its first half; may be given more than once',
      collect,
      [],
    )
    .option('--test <dir>', 'a run to predict unseen; may be given more than once', collect, [])
    .option('--silicon <file>', 'measured points of many engines instead (CSV of AIConfigurator), leave-one-out')
    .option('--fit-rows <k>', 'with --silicon: rows of an engine that its overhead is fitted on', rows, 1)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A run that is fitted is scored on its second half; one that is tested on all of it. On a GPU that was not fitted the shares of peak are
its own prior's and only the overhead is the fitted one. docs/engine-model.md says what the figures are worth.
Exit code: 0 done, 2 unreadable input.

Examples:
  $ weir calibrate --fit runs/rtx4090 --test runs/rtxpro6000
  $ weir calibrate --silicon silicon-refs.csv --json`,
    )
    .action(run);
}

async function run(options: CalibrateOptions): Promise<void> {
  if (options.silicon !== undefined) {
    if (options.fit.length + options.test.length > 0) {
      throw new WeirError('usage.invalid', '--silicon goes with neither --fit nor --test.');
    }
    const { evaluateSilicon, readSilicon } = await import('#fleet/calibrate/silicon.js');
    const report = evaluateSilicon(readSilicon(await text(options.silicon)), options.fitRows);
    if (options.json) printJson(report);
    else process.stdout.write(renderSilicon(report));
    return;
  }
  if (options.fit.length === 0) {
    throw new WeirError('usage.invalid', 'Nothing to fit on.', { hint: '--fit DIR, or --silicon FILE' });
  }
  const [{ calibrate }, { readRun }] = await Promise.all([
    import('#fleet/calibrate/calibration.js'),
    import('#fleet/calibrate/measured-run.js'),
  ]);
  const read = async (dir: string) => {
    const name = dir.replace(/\/+$/, '');
    return readRun(name, await text(join(name, 'meta.json')), await text(join(name, 'requests.jsonl')));
  };
  const report = calibrate(await Promise.all(options.fit.map(read)), await Promise.all(options.test.map(read)));
  if (options.json) printJson(report);
  else process.stdout.write(renderRuns(report));
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new WeirError('trace.unreadable', `Cannot read ${file}.`, { path: file, cause });
  }
}

function renderRuns({ constants, runs }: CalibrationReport): string {
  const { mfu, bandwidthEfficiency, overheadMs } = constants;
  const lines = [
    `MFU ${mfu.toFixed(3)}, bandwidth efficiency ${bandwidthEfficiency.toFixed(3)}, overhead ${overheadMs.toFixed(2)} ms an iteration`,
  ];
  for (const each of runs) {
    lines.push(
      '',
      `${each.dir} (${each.model} on ${each.gpu}): ${each.role}, scored on ${each.scored} of ${each.requests} requests`,
    );
    for (const metric of ['ttft_ms', 'tpot_ms', 'e2e_ms'] as const) {
      const [measured, predicted, error] = [each.measured[metric], each.predicted[metric], each.error[metric]];
      lines.push(
        `  ${metric.slice(0, -3).padEnd(5)} mean ${measured.mean.toFixed(1)} → ${predicted.mean.toFixed(1)} ms (${signed(error.mean)}), ` +
          `P99 ${measured.p99.toFixed(1)} → ${predicted.p99.toFixed(1)} ms (${signed(error.p99)})`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function renderSilicon(report: SiliconReport): string {
  const lines = report.rows.map(({ system, backend, model, mode, overhead_ms, measured, predicted, refused }) => {
    const what = `${mode.slice(0, 6)} ${backend} ${system} ${model}`.padEnd(62);
    if (predicted === null) return `${what} ${refused}`;
    return (
      `${what} TPOT ${measured.tpot.toFixed(1)} → ${predicted.tpot.toFixed(1)} ms (${signed(predicted.tpot / measured.tpot - 1)}), ` +
      `TTFT ${measured.ttft.toFixed(0)} → ${predicted.ttft.toFixed(0)} ms; overhead ${overhead_ms.toFixed(2)} ms`
    );
  });
  const { aggregated, disaggregated } = report.median_abs_error;
  lines.push(
    '',
    `median absolute error, aggregated: TPOT ${percent(aggregated.tpot)}, TTFT ${percent(aggregated.ttft)}`,
    `median absolute error, disaggregated: TPOT ${percent(disaggregated.tpot)}, TTFT ${percent(disaggregated.ttft)}`,
  );
  return `${lines.join('\n')}\n`;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function rows(text: string): number {
  const value = integer(text);
  if (value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError('Expected a whole number from 1 to 1000.');
}
