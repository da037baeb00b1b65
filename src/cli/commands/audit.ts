import { Command } from 'commander';
import { atDesk, type DeskOptions, withDeskOptions } from '#cli/desk.js';
import { EXIT, exit } from '#cli/exit.js';
import { table } from '#cli/governed-options.js';
import { integer, printJson } from '#cli/options.js';

interface ListOptions extends DeskOptions {
  readonly limit: number;
  readonly target?: string;
  readonly actor?: string;
}

export function listAuditCommand(): Command {
  return withDeskOptions(new Command('list'))
    .option('--limit <n>', 'how many rows, at most 1000', integer, 50)
    .option('--target <id>', 'only changes of this key, team or user')
    .option('--actor <id>', 'only changes by this key or person')
    .addHelpText('after', '\nExamples:\n  $ weir audit list --target research\n  $ weir audit list --json')
    .action(async (options: ListOptions) => {
      const { limit, target, actor } = options;
      const filter = {
        limit,
        ...(target === undefined ? undefined : { target }),
        ...(actor === undefined ? undefined : { actor }),
      };
      const entries = await atDesk(options, desk => desk.audit(filter));
      if (options.json) {
        printJson({ entries });
        return;
      }
      const rows = entries.map(({ seq, at, actor: who, action, target: what }) => [
        String(seq),
        new Date(at).toISOString(),
        `${who.kind} ${who.id}`,
        who.address ?? '',
        action,
        what.id,
      ]);
      process.stdout.write(table(rows));
    });
}

export function verifyAuditCommand(): Command {
  return withDeskOptions(new Command('verify'))
    .addHelpText(
      'after',
      `
Exit code 1 when a row was altered, taken out or put in. Keep the hash it prints elsewhere: it also proves later that no row was cut
off the end.

Examples:
  $ weir audit verify`,
    )
    .action(async (options: DeskOptions) => {
      const verdict = await atDesk(options, desk => desk.verifyAudit());
      const { entries, head, broken } = verdict;
      if (options.json) printJson(verdict);
      else if (broken === undefined) process.stdout.write(`${entries} rows, unaltered; the last is ${head}\n`);
      else process.stdout.write(`the log is altered: ${broken.why}; ${entries} rows before it are sound\n`);
      if (broken !== undefined) exit(EXIT.found);
    });
}
