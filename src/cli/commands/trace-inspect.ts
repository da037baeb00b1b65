import { Command } from 'commander';
import { jsonOption, printJson } from '#cli/options.js';
import { readTraceFile } from '#cli/trace-file.js';

interface InspectOptions {
  readonly json: boolean;
}

export function traceInspectCommand(): Command {
  return new Command('inspect')
    .description('Measures what a trace is like: rate, bursts, lengths, reuse of prefixes, sessions, archetype, drift.')
    .argument('<file>', 'a trace of any known format; - reads standard input')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Formats are told by content: Azure, BurstGPT and Vidur CSV; Mooncake, vLLM, OpenAI and Weir's own JSON lines. docs/traces.md defines
every number. Rows that cannot be read are counted by reason.
Exit code: 0 done, 2 nothing in the file can be read.

Examples:
  $ weir trace inspect AzureLLMInferenceTrace_conv.csv
  $ weir trace inspect conversation.jsonl --json`,
    )
    .action(inspect);
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  const [{ inspectTrace }, { reportOf, renderWorkload }] = await Promise.all([
    import('#workload/shape/inspect.js'),
    import('#cli/workload-story.js'),
  ]);
  const trace = await readTraceFile(file);
  const report = reportOf(trace, inspectTrace(trace));
  if (options.json) printJson(report);
  else process.stdout.write(renderWorkload(report));
}
