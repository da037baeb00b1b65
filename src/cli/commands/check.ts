import { Command } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { spared } from '#cli/offline-secrets.js';
import { type CommonOptions, printJson, readConfig, withCommonOptions } from '#cli/options.js';
import { renderProblems } from '#cli/problems.js';
import type { ConfigProblem } from '#config/problem.js';
import type { CheckReport } from '#gateway/configuration/check-report.js';

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
  const [read, { checkReport }, { classifierProblems }, { headProblems }, { knowledgeProblems }, { withPulledModels }] =
    await Promise.all([
      readConfig(options, { standIn: spared() }),
      import('#gateway/configuration/check-report.js'),
      import('#gateway/configuration/classifier-files.js'),
      import('#gateway/configuration/head-files.js'),
      import('#gateway/configuration/knowledge-files.js'),
      import('#gateway/configuration/pulled-models.js'),
    ]);
  const result = withPulledModels(read);
  const found = await checkReport(result, options.seed);
  // The API's check leaves this out: what files there are is not for everyone who may look at a configuration.
  const files = result.ok
    ? [knowledgeProblems, classifierProblems, headProblems].flatMap(look => look(result.config, result.locate))
    : [];
  const report = { ...found, warnings: [...found.warnings, ...files] };
  const { errors, warnings, tests } = report;
  const { text } = result;
  if (options.json) printJson(report);
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

function summary(
  errors: readonly unknown[],
  warnings: readonly unknown[],
  { passed, failed }: CheckReport['tests'],
): string {
  const parts = [count(errors.length, 'error'), count(warnings.length, 'warning')];
  if (errors.length === 0) parts.push(`${passed} of ${count(passed + failed.length, 'test')} passed`);
  return parts.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
