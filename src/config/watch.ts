import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import { type LoadOptions, type LoadResult, loadConfig } from './load.js';

export interface ConfigWatchOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Called with every outcome of a reload; what is in force stays so until the callee swaps it. */
  readonly onReload: (result: LoadResult) => void;
  readonly load?: LoadOptions;
  /** The text that is in force. Between its being read and the file's being watched engines start, for a minute where models are large. */
  readonly loaded?: string;
  /** Quiet time after a change before the file is read: editors write in several steps. */
  readonly settle?: Milliseconds;
  /** How often to look for a change that the file system did not report, as network file systems do not; 0 for never. */
  readonly poll?: Milliseconds;
}

/**
 * Watches a configuration file and loads it again when it changes. Only one load runs at a time; a change during a load brings one
 * more. It watches the folder, since editors and container platforms replace the file instead of writing to it.
 */
export class ConfigWatch {
  private readonly options: Required<Omit<ConfigWatchOptions, 'load' | 'loaded'>> & {
    readonly load: LoadOptions;
    readonly loaded?: string;
  };
  private watcher: FSWatcher | undefined;
  private settling: Cancel | undefined;
  private polling: Cancel | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private closed = false;
  private seen: string | undefined;
  private absences = 0;

  constructor(options: ConfigWatchOptions) {
    this.options = { settle: 100, poll: 5000, load: {}, ...options };
  }

  /** Begins to watch. Resolves when every later change will be seen, and one that came before it has been loaded. */
  async start(): Promise<void> {
    this.seen = await signature(this.options.file);
    if (this.closed) return;
    try {
      this.watcher = watch(dirname(this.options.file), { persistent: false }, (_, name) => this.changed(name));
      // A folder that can no longer be watched leaves polling.
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      this.watcher = undefined;
    }
    this.schedulePoll();
    const { file, loaded } = this.options;
    if (loaded !== undefined && (await readFile(file, 'utf8').catch(() => loaded)) !== loaded) await this.reload();
  }

  /** Loads the file now, changed or not: what SIGHUP asks for. Resolves when the outcome has been reported. */
  async reload(): Promise<void> {
    if (this.closed) return;
    if (this.running !== undefined) {
      this.again = true;
      return this.running;
    }
    this.running = this.load();
    try {
      await this.running;
    } finally {
      this.running = undefined;
    }
  }

  /** Stops watching; resolves when no load is running any more. Nothing is reported afterwards. */
  async close(): Promise<void> {
    this.closed = true;
    this.watcher?.close();
    this.settling?.();
    this.polling?.();
    await this.running;
  }

  private async load(): Promise<void> {
    const { file, load, onReload } = this.options;
    do {
      this.again = false;
      this.seen = await signature(file);
      const result = await loadConfig(file, load);
      if (!this.closed) onReload(result);
    } while (this.again && !this.closed);
  }

  /** Mounted volumes swap a link beside the file: names other than the file's count as well. */
  private changed(name: string | null): void {
    if (this.closed) return;
    if (name !== null && name !== basename(this.options.file) && !name.startsWith('..')) return;
    this.settleFrom(undefined);
  }

  /** Loads the file once it has been the same for a while. @param before what it was when it was looked at last; not known where it was told of. */
  private settleFrom(before: string | undefined): void {
    this.settling?.();
    this.settling = this.options.clock.after(this.options.settle, () => void this.reloadIfSettled(before));
  }

  private async reloadIfSettled(before: string | undefined): Promise<void> {
    const now = await signature(this.options.file);
    // While it is absent someone is replacing it.
    if (this.closed || now === undefined || now === this.seen) return;
    if (before !== undefined && before !== now) this.settleFrom(now);
    else await this.reload();
  }

  private schedulePoll(): void {
    if (this.options.poll === 0 || this.closed) return;
    this.polling = this.options.clock.after(this.options.poll, () => {
      void this.poll().finally(() => this.schedulePoll());
    });
  }

  /** A file that two polls in a row do not find is not being replaced but gone: that is reported, once. */
  private async poll(): Promise<void> {
    const now = await signature(this.options.file);
    if (this.closed) return;
    if (now !== undefined && now !== this.seen) this.settleFrom(now);
    this.absences = now === undefined ? this.absences + 1 : 0;
    if (this.absences === 2) await this.reload();
  }
}

async function signature(file: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino}:${size}:${mtimeMs}`;
  } catch {
    return undefined;
  }
}
