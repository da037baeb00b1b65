import { Command, InvalidArgumentError } from 'commander';
import { liveTrace } from '#cli/live-trace.js';
import { type CommonOptions, configOption, jsonAlwaysOption, resolveConfig } from '#cli/options.js';
import { writeTrace } from '#cli/trace-output.js';
import { WeirError } from '#contract/errors.js';
import { type Milliseconds, parseDuration } from '#contract/units.js';
import { openRecordsToRead } from '#store/open-records.js';
import { recordedTrace } from '#workload/traces/recorded.js';

interface RecordOptions extends Pick<CommonOptions, 'config'> {
  readonly since?: Milliseconds;
  readonly live?: string;
  readonly for?: Milliseconds;
  readonly output?: string;
}

export function traceRecordCommand(): Command {
  return new Command('record')
    .description(
      'Writes what the gateway served as a trace: arrival, tokens, model and session of each request, never its text.\n' +
        'It reads the decision record, also while the gateway runs; with --live it listens to the gateway, and has block hashes too.',
    )
    .addOption(configOption())
    .option('--since <duration>', 'only the last so long: 24h, 7d (default: all that is kept)', duration)
    .option(
      '--live <url>',
      'listen to this running gateway, with the key in WEIR_ADMIN_KEY where it asks for one',
      address,
    )
    .option('--for <duration>', 'with --live: how long (default: until interrupted)', duration)
    .option('--output <file>', 'where to write it (default: standard output)')
    .addOption(jsonAlwaysOption())
    .addHelpText(
      'after',
      `
Sessions are named by a fingerprint. Requests whose tokens nobody reported are left out and counted. Hashes and sessions of a live
recording are keyed anew each time: two recordings cannot be joined, and no guess at a prompt be tried on one.

Examples:
  $ weir trace record --since 24h --output yesterday.jsonl
  $ weir trace record | weir trace inspect -
  $ weir trace record --live http://127.0.0.1:8080 --for 10m --output now.jsonl`,
    )
    .action(record);
}

async function record(options: RecordOptions): Promise<void> {
  if (options.live !== undefined) {
    await recordLive(options.live, options);
    return;
  }
  const { gateway } = await resolveConfig(options, ['gateway.record']);
  const reader = await openRecordsToRead(gateway.record);
  try {
    const since = options.since === undefined ? undefined : Date.now() - options.since;
    const trace = await recordedTrace(reader, since, records => process.stderr.write(`records read: ${records}\n`));
    for (const { reason, rows } of trace.refusals) process.stderr.write(`left out: ${rows} × ${reason}\n`);
    await writeTrace(trace, options.output);
  } finally {
    await reader.close();
  }
}

async function recordLive(url: string, { for: during, output, since }: RecordOptions): Promise<void> {
  if (since !== undefined) {
    throw new WeirError('usage.invalid', 'What is recorded live begins now.', { hint: '--for in place of --since' });
  }
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  const timer = during === undefined ? undefined : setTimeout(end, during);
  try {
    const trace = await liveTrace(url, stop.signal, requests => {
      if (process.stderr.isTTY) process.stderr.write(`\rrequests recorded: ${requests}`);
    });
    for (const { reason, rows } of trace.refusals) process.stderr.write(`left out: ${rows} × ${reason}\n`);
    await writeTrace(trace, output);
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', end);
  }
}

function address(text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError('Expected a URL, such as http://127.0.0.1:8080.');
  return text.replace(/\/$/, '');
}

function duration(text: string): Milliseconds {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Expected a duration: 30m, 24h, 7d.');
  return ms;
}
