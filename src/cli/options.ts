import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config, LoadOptions, LoadResult } from '#config/load.js';
import { EXIT, exit } from './exit.js';
import { spared, unsetNote } from './offline-secrets.js';
import { renderProblems } from './problems.js';

/** The file that is used when none is named. */
export const DEFAULT_FILE = 'weir.yaml';

/** What every command that needs a configuration is given. */
export interface CommonOptions {
  readonly config?: string;
  readonly seed: number;
  readonly json: boolean;
}

/** Adds `-c, --config FILE`, `--seed N` and `--json`: the options of every command that reads a configuration. */
export function withCommonOptions(command: Command): Command {
  return command.addOption(configOption()).addOption(seedOption()).addOption(jsonOption());
}

/** As {@link withCommonOptions}, for a command whose standard output is always JSON. */
export function withCommonOptionsOfJson(command: Command): Command {
  return command.addOption(configOption()).addOption(seedOption()).addOption(jsonAlwaysOption());
}

export function configOption(): Option {
  return new Option('-c, --config <file>', `configuration file (default: ${DEFAULT_FILE}, else the demonstration)`);
}

export function seedOption(): Option {
  return new Option('--seed <n>', 'seed of everything that is drawn at random').default(1).argParser(integer);
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document and nothing else on standard output').default(false);
}

/** `--json` of a command whose standard output is JSON whether it is asked for or not: nobody has to know which those are. */
export function jsonAlwaysOption(): Option {
  return new Option('--json', 'standard output is JSON, also without this option').default(false);
}

/** Reads an option's argument as a whole number that is not negative. */
export function integer(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

/** Reads an option's argument as a whole number from 1 to 64. */
export function atLeastOne(text: string): number {
  const value = integer(text);
  if (value < 1 || value > 64) throw new InvalidArgumentError('Expected a whole number from 1 to 64.');
  return value;
}

/** Reads an option's argument as a port to listen on; 0 chooses a free one. */
export function port(text: string): number {
  const value = integer(text);
  if (value > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return value;
}

/** Reads an option's argument as a positive number. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('Expected a number above 0.');
  }
  return value;
}

/** The file that a command is to use; `undefined` for the demonstration. */
export function configFile(options: Pick<CommonOptions, 'config'>): string | undefined {
  return options.config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
}

/** Loads the configuration that the options name: a file, {@link DEFAULT_FILE}, or else the demonstration. */
export async function readConfig(
  options: Pick<CommonOptions, 'config'>,
  load: Pick<LoadOptions, 'overrides' | 'standIn'> = {},
): Promise<LoadResult> {
  const { loadConfig, loadDemonstration } = await import('#config/load.js');
  const file = configFile(options);
  return file === undefined ? loadDemonstration(load) : loadConfig(file, load);
}

/**
 * The configuration that the options name, for a command that serves nothing: of secrets that are not there it says so on standard
 * error and goes on. When the configuration is not valid, says why there and ends with exit code 2.
 *
 * @param needs parts of the configuration beyond what decides that the command uses, and whose secrets must be there.
 */
export async function resolveConfig(
  options: Pick<CommonOptions, 'config'>,
  needs: readonly string[] = [],
): Promise<Config> {
  const result = await readConfig(options, { standIn: spared(needs) });
  if (result.ok) {
    process.stderr.write(unsetNote(result.config.source, result.unset));
    return result.config;
  }
  const { source, text } = result;
  process.stderr.write(renderProblems(result.problems, { source, text, severity: 'error' }));
  return exit(EXIT.misuse);
}

/** Prints a value as the one JSON document on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
