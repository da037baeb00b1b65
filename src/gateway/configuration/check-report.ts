import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type LoadOptions, type LoadResult, parseConfig } from '#config/load.js';
import type { ConfigProblem } from '#config/problem.js';
import { foreignProblems } from './foreign-examples.js';
import { runTests, type TestResults } from './policy-tests.js';

/** All that can be said of a configuration: what `weir check --json` prints and the admin API answers. */
export interface CheckReport {
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
  readonly undecidable: readonly ConfigProblem[];
  readonly tests: TestResults;
}

/** Whether a configuration may go live. */
export function passes(report: CheckReport): boolean {
  return report.errors.length === 0 && report.tests.failed.length === 0;
}

/** Runs the tests in a configuration that was read, and puts them beside what reading found. */
export async function checkReport(result: LoadResult, seed: number): Promise<CheckReport> {
  const tests =
    result.ok && result.config.router.tests.length > 0
      ? await runTests(result.config, seed, result.locate)
      : { passed: 0, failed: [] };
  const foreign = result.ok ? await foreignProblems(result.config, result.locate) : [];
  const warnings = [...result.warnings, ...foreign];
  return { errors: result.ok ? [] : result.problems, warnings, undecidable: [], tests };
}

/** As {@link checkReport}, for a text that could stand in `file`. @returns also its version, when it can be one. */
export async function checkText(
  text: string,
  file: string,
  { standIn }: Pick<LoadOptions, 'standIn'> = {},
  seed = 1,
): Promise<{ readonly report: CheckReport; readonly version: string | undefined }> {
  const folder = dirname(resolve(file));
  const result = parseConfig(text, {
    file,
    standIn,
    env: process.env,
    readFile: path => readFileSync(resolve(folder, path), 'utf8'),
  });
  return { report: await checkReport(result, seed), version: result.ok ? result.config.version : undefined };
}
