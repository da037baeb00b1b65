import { Command } from 'commander';
import type { ConfigProblem } from '#config/problem.js';
import { EXIT, exit } from '#cli/exit.js';
import { type CommonOptions, printJson, readConfig, withCommonOptions } from '#cli/options.js';
import { renderProblems } from '#cli/problems.js';

export function checkCommand(): Command {
  return withCommonOptions(new Command('check'))
    .addHelpText(
      'after',
      `
Reports every mistake with its line and what would be right, then runs the tests under router.tests.
Exit code: 0 all is well, 1 there are errors or failed tests, 2 the file cannot be read.

Examples:
  $ weir check
  $ weir check -c staging.yaml --json`,
    )
    .action(check);
}
