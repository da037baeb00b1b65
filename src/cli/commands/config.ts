import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { EXIT, exit } from '#cli/exit.js';
import { spared } from '#cli/offline-secrets.js';
import { configFile, configOption, integer, jsonOption, printJson, readConfig } from '#cli/options.js';
import { renderProblems } from '#cli/problems.js';
import { WeirError } from '#contract/errors.js';
import type { ConfigVersion, ConfigVersionStore } from '#contract/stores.js';

interface HistoryOptions {
  readonly config?: string;
  readonly state?: string;
  readonly json: boolean;
}

/** The versions of a file, open. */
interface Opened {
  readonly file: string;
  readonly versions: ConfigVersionStore;
}

export function configHistoryCommand(): Command {
  return common(new Command('history'))
    .option('-n, --limit <n>', 'versions to list', integer, 20)
    .addHelpText('after', '\nExamples:\n  $ weir config history\n  $ weir config history -c prod.yaml --json')
    .action(async (options: HistoryOptions & { readonly limit: number }) => {
      await withVersions(options, ({ file, versions }) => {
        const listed = versions.list(file, options.limit);
        if (options.json) printJson({ file, versions: listed });
        else process.stdout.write(listed.length === 0 ? `no versions of ${file} yet\n` : table(listed));
      });
    });
}

export function configDiffCommand(): Command {
  return common(new Command('diff'))
    .addArgument(new Argument('[from]', 'version; the one before the newest unless given').argParser(integer))
    .addArgument(new Argument('[to]', 'version; the file as it is now unless given').argParser(integer))
    .addHelpText('after', '\nSecrets are masked.\n\nExamples:\n  $ weir config diff\n  $ weir config diff 3 5')
    .action(async (from: number | undefined, to: number | undefined, options: HistoryOptions) => {
      await withVersions(options, async opened => {
        const { differenceOf } = await import('#gateway/configuration/difference.js');
        const first = from ?? opened.versions.list(opened.file, 2).at(-1)?.number;
        if (first === undefined) throw new WeirError('store.not_found', `There are no versions of ${opened.file} yet`);
        const hunks = differenceOf(
          textOf(opened, first),
          to === undefined ? await readFile(opened.file, 'utf8') : textOf(opened, to),
        );
        if (options.json) printJson({ hunks });
        else
          for (const { oldStart, newStart, lines } of hunks) {
            process.stdout.write(`@@ -${oldStart} +${newStart} @@\n${lines.join('\n')}\n`);
          }
      });
    });
}

export function configRollbackCommand(): Command {
  return common(new Command('rollback'))
    .addArgument(new Argument('<version>', 'number, as `weir config history` lists it').argParser(integer))
    .addHelpText(
      'after',
      `
Writes the version to the file when it is valid; a gateway that runs on the file takes it up at once.

Examples:
  $ weir config rollback 3`,
    )
    .action(async (number: number, options: HistoryOptions) => {
      await withVersions(options, async opened => {
        const text = textOf(opened, number);
        const [{ checkText }, { stageFile }, { keptWith }] = await Promise.all([
          import('#gateway/configuration/check-report.js'),
          import('#gateway/configuration/file.js'),
          import('#gateway/configuration/kept-version.js'),
        ]);
        const { report, version } = await checkText(text, opened.file, { standIn: spared() });
        const problems = [...report.errors, ...report.tests.failed];
        if (version === undefined || problems.length > 0) {
          process.stderr.write(renderProblems(problems, { source: `version ${number}`, text, severity: 'error' }));
          exit(EXIT.found);
        }
        const staged = await stageFile(opened.file, text);
        const kept = { version, at: Date.now(), author: author(), note: `back to version ${number}` };
        const entry = await keptWith(
          () => opened.versions,
          { ...kept, source: opened.file },
          text,
          () => staged.commit(),
        ).catch(async (error: unknown) => {
          await staged.discard();
          throw error;
        });
        if (options.json) printJson(entry);
        else process.stderr.write(`wrote version ${number} to ${opened.file}; it is version ${entry.number} now\n`);
      });
    });
}

function common(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(new Option('--state <file>', 'database of the history (default: gateway.state.path)'))
    .addOption(jsonOption());
}

async function withVersions(options: HistoryOptions, work: (opened: Opened) => unknown): Promise<void> {
  const name = configFile(options);
  if (name === undefined) {
    throw new WeirError('usage.invalid', 'The demonstration has no history', { hint: 'name a file with --config' });
  }
  const [{ existsSync }, { configVersions }, { openStateDatabase }] = await Promise.all([
    import('node:fs'),
    import('#store/config-versions.js'),
    import('#store/state-database.js'),
  ]);
  const path = options.state ?? (await statePath(options));
  if (!existsSync(path)) {
    throw new WeirError('store.not_found', `There is no history at ${path}`, {
      hint: 'weir serve keeps one; name its database with --state',
    });
  }
  const versions = configVersions(openStateDatabase(path));
  try {
    await work({ file: resolve(name), versions });
  } finally {
    versions.close();
  }
}

/** A file that is not valid is the best reason to look into its history: then the usual place is looked at. */
async function statePath(options: HistoryOptions): Promise<string> {
  const result = await readConfig(options, { standIn: spared(['gateway.state']) });
  return result.ok ? result.config.gateway.state.path : '.weir/state.db';
}

function textOf({ file, versions }: Opened, number: number): string {
  const found = versions.find(file, number);
  if (found === undefined) {
    throw new WeirError('store.not_found', `There is no version ${number} of ${file}`, {
      hint: 'weir config history lists them',
    });
  }
  return found.text;
}

function author(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}

function table(versions: readonly ConfigVersion[]): string {
  const rows = versions.map(({ number, version, at, author: by, note }) => [
    String(number),
    version,
    new Date(at).toISOString().replace('T', ' ').slice(0, 19),
    by,
    note,
  ]);
  const all = [['', 'version', 'in force since (UTC)', 'by', 'why'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)));
  return all
    .map(
      row =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
