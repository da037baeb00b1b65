import { Command } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { type CommonOptions, printJson, readConfig, withCommonOptions } from '#cli/options.js';
import type { TestResults } from '#cli/policy-tests.js';
import { renderProblems } from '#cli/problems.js';
import type { LoadResult } from '#config/load.js';
import type { ConfigProblem } from '#config/problem.js';

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

async function check(options: CommonOptions): Promise<void> {
  const result = await readConfig(options);
  const { text, warnings } = result;
  const errors = result.ok ? [] : result.problems;
  const tests = result.ok ? await testsOf(result, options.seed) : { passed: 0, failed: [] };
  if (options.json) printJson({ errors, warnings, undecidable: [], tests });
  else {
    const source = result.ok ? result.config.source : result.source;
    const print = (problems: readonly ConfigProblem[], severity: 'error' | 'warning') =>
      process.stdout.write(renderProblems(problems, { source, text, severity }));
    print([...errors, ...tests.failed], 'error');
    print(warnings, 'warning');
    process.stdout.write(`${source}: ${summary(errors, warnings, tests)}\n`);
  }
  if (errors.some(({ code }) => code === 'config.unreadable')) exit(EXIT.misuse);
  if (errors.length > 0 || tests.failed.length > 0) exit(EXIT.found);
}

async function testsOf({ config, locate }: LoadResult & { readonly ok: true }, seed: number): Promise<TestResults> {
  if (config.router.tests.length === 0) return { passed: 0, failed: [] };
  const { runTests } = await import('#cli/policy-tests.js');
  return runTests(config, seed, locate);
}

function summary(errors: readonly unknown[], warnings: readonly unknown[], { passed, failed }: TestResults): string {
  const parts = [count(errors.length, 'error'), count(warnings.length, 'warning')];
  if (errors.length === 0) parts.push(`${passed} of ${count(passed + failed.length, 'test')} passed`);
  return parts.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
