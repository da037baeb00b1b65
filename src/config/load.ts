import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Config } from './config.js';
import { DEMONSTRATION } from './demonstration.js';
import { type Position, readDocument, type SourceDocument } from './document.js';
import { type ConfigProblem, type Finding, formatPath, MOST_PROBLEMS, type Path } from './problem.js';
import { checkReferences } from './references.js';
import { type SecretSources, Secrets } from './secrets.js';
import { StandIns } from './stand-ins.js';
import { validate, validBlocks } from './validate.js';

export type { Config } from './config.js';

/** What became of a configuration: a value, or all that is wrong with it. */
export type LoadResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly ConfigProblem[];
      readonly text: string;
      /** Variables and files that are not there, where {@link LoadOptions.standIn} lets that pass: their names. */
      readonly unset: readonly string[];
      /** Where a part of the configuration stands in the text. */
      readonly locate: (path: Path) => Place;
    }
  | {
      readonly ok: false;
      readonly problems: readonly ConfigProblem[];
      readonly warnings: readonly ConfigProblem[];
      readonly source: string;
      readonly text: string;
    };

/** A place in the value and in the text, as in a {@link ConfigProblem}. */
export type Place = Pick<ConfigProblem, 'path' | 'line' | 'column'>;

/** What the command line says of where to listen, and in how many processes; it goes before the file. */
export interface Overrides {
  readonly host?: string;
  readonly port?: number;
  readonly insecure?: boolean;
  readonly workers?: number;
}

export interface LoadOptions {
  /** Where `${NAME}` is looked up; the environment of the process unless given. */
  readonly env?: SecretSources['env'];
  readonly overrides?: Overrides;
  /**
   * Where a variable or file that is not there is a warning, and a text of no meaning stands in for it: for commands that read a
   * configuration and serve nothing. Without it, it is an error everywhere.
   */
  readonly standIn?: ((path: Path) => boolean) | undefined;
}

export interface ParseOptions extends LoadOptions {
  /** Path of the file, or `demonstration`: only a name here. */
  readonly file: string;
  readonly env: SecretSources['env'];
  readonly readFile: SecretSources['readFile'];
}

/** Reads and validates a file. Secrets in files that it names are looked for relative to its folder. */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadResult> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return unreadable(file, (error as NodeJS.ErrnoException).code);
  }
  return loadText(text, file, options);
}

/** Validates the text of a file that has been read already. */
export function loadText(text: string, file: string, options: LoadOptions = {}): LoadResult {
  const folder = dirname(resolve(file));
  return parseConfig(text, {
    ...options,
    file,
    env: options.env ?? process.env,
    readFile: path => readFileSync(resolve(folder, path), 'utf8'),
  });
}

/** The configuration that is used when there is no file. */
export function loadDemonstration(options: LoadOptions = {}): LoadResult {
  return loadText(DEMONSTRATION, 'demonstration', options);
}

/** Text → configuration, or everything that is wrong with it. Pure but for `readFile`; never throws. */
export function parseConfig(text: string, options: ParseOptions): LoadResult {
  const standIns = options.standIn === undefined ? undefined : new StandIns(options.standIn);
  const secrets = new Secrets({ ...options, standIns });
  const document = readDocument(text, secrets.substitute);
  const report = new Report(document, secrets);
  for (const { message, position, hint } of document.errors) {
    report.error({ code: 'config.syntax', path: '', ...position, message, ...(hint !== undefined && { hint }) });
  }
  for (const finding of [...document.findings, ...secrets.findings]) report.finding(finding);
  const failed = (): LoadResult => {
    for (const { finding } of standIns?.unused ?? []) report.warning(finding);
    return { ok: false, ...report.result(), source: options.file, text };
  };
  if (document.errors.length > 0) return failed();

  const value = overridden(document.value ?? {}, options.overrides);
  const settings = validate(value, secrets, standIns, finding => report.finding(finding));
  const { errors, warnings: doubts } = checkReferences(settings ?? validBlocks(value), value);
  for (const finding of errors) report.finding(finding);
  for (const finding of doubts) report.warning(finding);
  if (settings === undefined) return failed();
  if (report.result().problems.length > 0) return failed();
  const unused = standIns?.unused ?? [];
  for (const { finding } of unused) report.warning(finding);
  const { warnings } = report.result();
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const config = freeze({ ...settings, version, source: options.file });
  return {
    ok: true,
    config,
    warnings,
    text,
    unset: [...new Set(unused.flatMap(({ names }) => names))],
    locate: path => ({ path: formatPath(path), ...(document.locate(path, 'value') ?? TOP) }),
  };
}

function unreadable(file: string, why = 'unreadable'): LoadResult {
  const reason = why === 'ENOENT' ? 'there is no such file' : why === 'EISDIR' ? 'it is a folder' : why;
  const problem: ConfigProblem = {
    code: 'config.unreadable',
    path: '',
    line: 0,
    column: 0,
    message: `${file} cannot be read: ${reason}`,
    ...(why === 'ENOENT' && { hint: 'weir init writes one' }),
  };
  return { ok: false, problems: [problem], warnings: [], source: file, text: '' };
}

/** The value with the command line's settings in the place of the file's. */
function overridden(value: unknown, { workers, ...where }: Overrides = {}): unknown {
  const given = Object.entries(where).filter(([, setting]) => setting !== undefined);
  const gateway = isMapping(value) ? (value.gateway ?? {}) : undefined;
  if (!isMapping(value) || !isMapping(gateway)) return value;
  const serving = workers === undefined ? gateway : { ...gateway, workers };
  const listen = gateway.listen ?? {};
  if (given.length === 0 || !isMapping(listen)) return serving === gateway ? value : { ...value, gateway: serving };
  return { ...value, gateway: { ...serving, listen: { ...listen, ...Object.fromEntries(given) } } };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TOP: Position = { line: 1, column: 1 };

/** Collects problems, with their places in the text, in the order of the text. */
class Report {
  private readonly problems: ConfigProblem[] = [];
  private readonly warnings: ConfigProblem[] = [];

  constructor(
    private readonly document: SourceDocument,
    private readonly secrets: Secrets,
  ) {}

  error(problem: ConfigProblem): void {
    this.problems.push(problem);
  }

  finding(finding: Finding): void {
    const problem = this.placed(finding);
    if (problem !== undefined) this.problems.push(problem);
  }

  warning(finding: Finding): void {
    const problem = this.placed(finding);
    if (problem !== undefined) this.warnings.push(problem);
  }

  private placed(finding: Finding): ConfigProblem | undefined {
    const shown = this.secrets.shown(finding);
    if (shown === undefined) return undefined;
    const { line, column }: Position = this.document.locate(finding.path, finding.at, finding.offset) ?? TOP;
    const { code, path, message, hint } = shown;
    return { code, path: formatPath(path), line, column, message, ...(hint !== undefined && { hint }) };
  }

  result(): { readonly problems: readonly ConfigProblem[]; readonly warnings: readonly ConfigProblem[] } {
    return { problems: inOrder(this.problems), warnings: inOrder(this.warnings) };
  }
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MOST_PROBLEMS);
}

/** Freezes mappings and lists all the way down; instances of classes are left as they are. */
function freeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
}
