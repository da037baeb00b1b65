import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Config, type LoadResult, parseConfig } from '#config/load.js';
import type { ConfigProblem } from '#config/problem.js';
import { WeirError } from '#contract/errors.js';
import type { ConfigVersion } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import { Rejection } from '#gateway/admin/rejection.js';
import { type CheckReport, checkReport, passes } from './check-report.js';
import { differenceOf, type Hunk } from './difference.js';
import { type StagedFile, stageFile } from './file.js';
import { keptWith } from './kept-version.js';
import type { LiveConfigurationPorts, Valid } from './live-ports.js';
import { marksIn, masked, unmasked } from './masking.js';
import { withPulledModels } from './pulled-models.js';
import { awaitsRestart } from './read-once.js';

/** What is in force, and since when. */
interface InForce {
  readonly loaded: Valid;
  readonly at: Milliseconds;
  readonly author: string;
}

/** Who changes the configuration, and why. */
export interface Change {
  readonly author: string;
  readonly note?: string;
  /** Version that the change was made on; when another is in force by now, nothing is changed. */
  readonly base?: string;
}

/** A text that was made on another version may have marks of secrets that have left meanwhile: taken as they stand, they would be sent as keys. */
const LOST_SECRET = {
  code: 'config.secret',
  path: '',
  message: 'This mark stands for no secret that is in force now',
  hint: 'write the secret itself, or where it is to be found: $' + '{NAME}, file:PATH',
} as const;

/** A version that was put in force, and what of it waits for the next start. */
export interface Changed extends ConfigVersion {
  readonly restart: readonly string[];
}

/**
 * The configuration the gateway runs on: changed by its file or by the API, one change after the other, each checked whole before
 * any of it is in force. Every version is kept, and can be compared and brought back.
 */
export class LiveConfiguration {
  private inForce: InForce;
  /** What the process began with: settings that are read once are those of it. */
  private readonly began: Config;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    loaded: Valid,
    /** Absolute path; absent while the gateway runs on its demonstration. */
    private path: string | undefined,
    private readonly ports: LiveConfigurationPorts,
  ) {
    this.inForce = { loaded, at: ports.clock.wall(), author: 'start' };
    this.began = loaded.config;
  }

  /** The file; absent while there is none. */
  get file(): string | undefined {
    return this.path;
  }

  get config(): Config {
    return this.inForce.loaded.config;
  }

  /** What is in force as people may see it, secrets masked. */
  shown() {
    const { loaded, at, author } = this.inForce;
    return {
      ...(this.path === undefined ? undefined : { file: this.path }),
      version: loaded.config.version,
      text: masked(loaded.text).text,
      warnings: loaded.warnings,
      restart: awaitsRestart(this.began, loaded.config),
      at,
      author,
    };
  }

  /** The text in force, as it was written: it may hold secrets. */
  get text(): string {
    return this.inForce.loaded.text;
  }

  /** Keeps what was found at start as a version, if it is new. */
  begin(): void {
    this.keep('start', '');
  }

  /** The file was read anew. @returns whether anything has changed. */
  reloaded(result: Valid): Promise<boolean> {
    return this.inTurn(async () => {
      const { loaded } = this.inForce;
      const same = loaded.text === result.text && JSON.stringify(loaded.config) === JSON.stringify(result.config);
      if (same || this.hasChangedSince(result.text)) return false;
      await this.ports.apply(result);
      this.inForce = { loaded: result, at: this.ports.clock.wall(), author: 'file' };
      this.ports.onEdit?.(this.edited());
      return true;
    });
  }

  /** All that is wrong with a text, without changing anything. Marks of secrets stand for those in force. */
  check(text: string): Promise<CheckReport> {
    return checkReport(this.parse(this.whole(text)), this.ports.seed);
  }

  /** Settings that would wait for the next start if a text were in force; none where it is not valid. */
  restart(text: string): readonly string[] {
    const result = this.parse(this.whole(text));
    return result.ok ? awaitsRestart(this.began, result.config) : [];
  }

  /**
   * Checks a text, puts it in force and writes it to the file.
   *
   * @throws Rejection when it is not valid, WeirError `config.stale` when it was made on another version, `config.unwritable` when
   * the file cannot be written, `store.unavailable` when the version cannot be kept. Whatever is thrown, what was in force still is.
   */
  change(text: string, change: Change): Promise<Changed> {
    return this.inTurn(() => this.put(this.whole(text), change));
  }

  /** Brings a version back. @throws WeirError as {@link change}, and `store.not_found`. */
  rollBack(number: number, change: Change): Promise<Changed> {
    return this.inTurn(() => {
      const note = change.note ?? `back to version ${number}`;
      return this.put(this.textOf(number), { ...change, note });
    });
  }

  /** Versions that were in force, newest first. */
  history(limit: number): readonly ConfigVersion[] {
    return this.path === undefined ? [] : this.ports.versions().list(this.path, limit);
  }

  /** A version's text, secrets masked. @throws WeirError `store.not_found`. */
  version(number: number): { readonly entry: ConfigVersion; readonly text: string } {
    const { entry, text } = this.found(number);
    return { entry, text: masked(text).text };
  }

  /** What differs between two versions, or a version and what is in force. @throws WeirError `store.not_found`. */
  difference(from: number, to?: number): readonly Hunk[] {
    return differenceOf(this.textOf(from), to === undefined ? this.text : this.textOf(to));
  }

  /** What differs between what is in force and a text. */
  changes(text: string): readonly Hunk[] {
    return differenceOf(this.text, this.whole(text));
  }

  private async put(text: string, { author, note = '', base }: Change): Promise<Changed> {
    const before = this.inForce;
    if (base !== undefined && base !== before.loaded.config.version) {
      throw new WeirError('config.stale', `Version ${before.loaded.config.version} is in force by now`, {
        path: 'base',
        hint: `read it again; ${before.author} changed it`,
      });
    }
    const file = this.path ?? resolve(this.ports.newFile);
    const result = withPulledModels(this.parse(text));
    const report = await checkReport(result, this.ports.seed);
    if (!result.ok || !passes(report)) throw new Rejection(report);
    const staged = await stageFile(file, text);
    const at = this.ports.clock.wall();
    const entry = { version: result.config.version, at, author, note, source: file };
    const kept = await keptWith(this.ports.versions, entry, result.text, () => this.bring(result, staged)).catch(
      async (error: unknown) => {
        await staged.discard();
        throw error;
      },
    );
    this.inForce = { loaded: result, at, author };
    const fresh = this.path === undefined;
    this.path = file;
    if (fresh) await this.ports.onFile(file);
    return { ...kept, restart: awaitsRestart(this.began, result.config) };
  }

  /** Puts a configuration in force and its text in the file, or leaves both as they were. */
  private async bring(result: Valid, staged: StagedFile): Promise<void> {
    const before = this.inForce.loaded;
    await this.ports.apply(result);
    try {
      await staged.commit();
    } catch (error) {
      await this.ports.apply(before);
      throw error;
    }
  }

  /** The version that an edit of the file has made. What the file says is in force whether or not it can be kept: it has no number then. */
  private edited(): ConfigVersion {
    try {
      return this.keep('file', '');
    } catch (error) {
      this.ports.onUnkept?.(error);
      return { ...this.entry('file', ''), number: 0 };
    }
  }

  /** A change by the API may have come in between; what the file says now is read when its watcher comes again. */
  private hasChangedSince(text: string): boolean {
    try {
      return this.path !== undefined && readFileSync(this.path, 'utf8') !== text;
    } catch {
      return false;
    }
  }

  private parse(text: string): LoadResult {
    // As the file's watcher will call it: else the first look at the file would seem a change.
    const file = this.path ?? resolve(this.ports.newFile);
    const folder = dirname(resolve(file));
    const source = this.inForce.loaded.config.source === 'demonstration' ? file : this.inForce.loaded.config.source;
    const result = parseConfig(text, {
      ...this.ports.load,
      file: source,
      env: this.ports.load.env ?? process.env,
      readFile: path => readFileSync(resolve(folder, path), 'utf8'),
    });
    const lost = marksIn(text).map((place): ConfigProblem => ({ ...LOST_SECRET, ...place }));
    if (lost.length === 0) return result;
    const { warnings } = result;
    return { ok: false, problems: [...lost, ...(result.ok ? [] : result.problems)], warnings, source, text };
  }

  private whole(text: string): string {
    return unmasked(text, masked(this.text));
  }

  private keep(author: string, note: string): ConfigVersion {
    const entry = this.entry(author, note);
    if (this.path === undefined) return { ...entry, number: 0 };
    return this.ports.versions().add(entry, this.inForce.loaded.text);
  }

  private entry(author: string, note: string): Omit<ConfigVersion, 'number'> {
    const { loaded, at } = this.inForce;
    return { version: loaded.config.version, at, author, note, source: this.path ?? 'demonstration' };
  }

  private textOf(number: number): string {
    return this.found(number).text;
  }

  private found(number: number): { readonly entry: ConfigVersion; readonly text: string } {
    const found = this.path === undefined ? undefined : this.ports.versions().find(this.path, number);
    if (found === undefined) throw new WeirError('store.not_found', `There is no version ${number}`);
    return found;
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const next = this.turn.then(work);
    this.turn = next.catch(() => {});
    return next;
  }
}
