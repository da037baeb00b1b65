import { Command } from 'commander';
import type { Config } from '#config/load.js';
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

interface Outcome {
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  readonly undecidable: readonly [];
  readonly tests: { readonly passed: number; readonly failed: readonly unknown[] };
}

async function check(options: CommonOptions): Promise<void> {
  const result = await readConfig(options);
  const tests = { passed: 0, failed: [] };
  const outcome: Outcome = { errors: result.ok ? [] : result.problems, warnings: result.warnings, undecidable: [], tests };
  if (options.json) printJson(outcome);
  else {
    const source = result.ok ? result.config.source : result.source;
    const { text } = result;
    process.stdout.write(renderProblems(outcome.errors, { source, text, severity: 'error' }));
    process.stdout.write(renderProblems(outcome.warnings, { source, text, severity: 'warning' }));
  }
  if (outcome.errors.some(({ code }) => code === 'config.unreadable')) exit(EXIT.misuse);
  if (outcome.errors.length > 0 || tests.failed.length > 0) exit(EXIT.found);
}
