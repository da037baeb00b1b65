import { Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, configOption, resolveConfig } from '#cli/options.js';
import { writeTrace } from '#cli/trace-output.js';
import { WeirError } from '#contract/errors.js';
import { type Milliseconds, parseDuration } from '#contract/units.js';
import { openRecordReader } from '#store/record-store.js';
import { recordedTrace } from '#workload/traces/recorded.js';

interface RecordOptions extends Pick<CommonOptions, 'config'> {
  readonly since?: Milliseconds;
  readonly output?: string;
}

export function traceRecordCommand(): Command {
  return new Command('record')
    .description(
      'Writes what the gateway served as a trace: arrival, tokens, model and session of each request, never its text.\n' +
        'It reads the decision record, also while the gateway runs.',
    )
    .addOption(configOption())
    .option('--since <duration>', 'only the last so long: 24h, 7d (default: all that is kept)', duration)
    .option('--output <file>', 'where to write it (default: standard output)')
    .addHelpText(
      'after',
      `
Sessions are named by a fingerprint. Requests whose tokens nobody reported are left out and counted.

Examples:
  $ weir trace record --since 24h --output yesterday.jsonl
  $ weir trace record | weir trace inspect -`,
    )
    .action(record);
}

async function record(options: RecordOptions): Promise<void> {
  const { gateway } = await resolveConfig(options);
  if (gateway.record.postgres !== undefined) {
    throw new WeirError('usage.invalid', 'The record is in Postgres, of which this command reads nothing.', {
      path: 'gateway.record.postgres',
      hint: 'a record in a file',
    });
  }
  const reader = await openRecordReader(gateway.record.path);
  try {
    const since = options.since === undefined ? undefined : Date.now() - options.since;
    const trace = await recordedTrace(reader, since, records => process.stderr.write(`records read: ${records}\n`));
    for (const { reason, rows } of trace.refusals) process.stderr.write(`left out: ${rows} × ${reason}\n`);
    await writeTrace(trace, options.output);
  } finally {
    await reader.close();
  }
}

function duration(text: string): Milliseconds {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Expected a duration: 30m, 24h, 7d.');
  return ms;
}
