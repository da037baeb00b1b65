import { Command, Option } from 'commander';
import { atDesk, type DeskOptions, withDeskOptions } from '#cli/desk.js';
import { durationOption, table } from '#cli/governed-options.js';
import { printJson } from '#cli/options.js';
import type { SubjectKind } from '#contract/identity.js';

interface UsageOptions extends DeskOptions {
  readonly by: SubjectKind;
  readonly last: number;
}

export function usageCommand(): Command {
  return withDeskOptions(new Command('usage'))
    .addOption(new Option('--by <kind>', 'what to sum by').choices(['key', 'team', 'user']).default('key'))
    .option('--last <duration>', 'how far back; kept for 100 days (default: 31d)', durationOption)
    .addHelpText(
      'after',
      `
Sums are by quarters of an hour.

Examples:
  $ weir usage --by team --last 7d
  $ weir usage --json`,
    )
    .action(async (options: UsageOptions) => {
      const until = Date.now() + 1;
      const since = until - (options.last ?? 31 * 24 * 3_600_000);
      const usage = await atDesk(options, desk => desk.usage(options.by, since, until));
      if (options.json) {
        printJson({ usage });
        return;
      }
      const head = [options.by, 'USD', 'requests', 'prompt tokens', 'completion tokens'];
      const rows = usage.map(row => [
        row.id,
        row.usd.toFixed(6),
        String(row.requests),
        String(row.promptTokens),
        String(row.completionTokens),
      ]);
      process.stdout.write(table([head, ...rows]));
    });
}
