import type { Cancel, Clock } from '#contract/clock.js';
import { ALL_TIME, type IdentityStore, type NamedSpend, type SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import type { Accounts } from './accounts.js';

/** Keeps what could not be written when the process ended, for the next one. */
export interface SpendJournal {
  /** Everything that was kept, by any process. */
  read(): Promise<readonly NamedSpend[]>;
  keep(batches: readonly NamedSpend[]): Promise<void>;
  /** Forgets what {@link SpendJournal.read} gave. */
  clear(): Promise<void>;
}

export interface WriteBehindOptions {
  readonly store: IdentityStore;
  readonly accounts: Accounts;
  readonly clock: Clock;
  /** Names the batches of this process: no other process has it. */
  readonly writer: string;
  /** How often what was used is written down: what a crash can lose. */
  readonly everyMs: Milliseconds;
  readonly onError: (error: unknown) => void;
  readonly journal?: SpendJournal | undefined;
  readonly counters?: SharedCounters | undefined;
}

/** Sums that wait at most, before quarters of an hour are put together to hours, and hours to days. */
const MOST_WAITING = 100_000;
const HOUR: Milliseconds = 3_600_000;
const DAY: Milliseconds = 24 * HOUR;

/**
 * Writes spending and last uses behind the requests, in batches. What cannot be written is kept, summed by subject and bucket, and
 * written later, once: a batch whose answer was lost is sent again under its name before any other. A store that is away for long
 * costs no more memory than {@link MOST_WAITING} sums, or subjects and days where that is more.
 */
export class WriteBehind {
  private unwritten = new Map<string, SpendDelta>();
  private uses = new Map<string, Milliseconds>();
  /** Batches that were sent and of which it is not known whether they arrived, by `seq`. */
  private readonly sent = new Map<number, NamedSpend>();
  private failed = false;
  private seq = 0;
  private grain: Milliseconds = 0;
  private running: Promise<boolean> = Promise.resolve(true);
  private timer: Cancel | undefined;
  private stopped = false;

  constructor(private readonly options: WriteBehindOptions) {}

  start(): void {
    if (this.stopped) return;
    this.timer = this.options.clock.after(this.options.everyMs, () => {
      void this.flush().finally(() => this.start());
    });
  }

  /** Writes what processes before this one left in the journal. */
  async takeOver(): Promise<void> {
    const { journal, store } = this.options;
    const left = (await journal?.read()) ?? [];
    for (const batch of left) await store.addSpend(batch.deltas, batch);
    if (left.length > 0) await journal?.clear();
  }

  /** Notes that a key was used. */
  used(key: string, at: Milliseconds): void {
    this.uses.set(key, at);
  }

  /** Spending that is not known to be written, one sum by subject over all time. */
  *waiting(): Iterable<SpendDelta> {
    for (const { deltas } of this.sent.values()) yield* deltas.filter(({ bucket }) => bucket === ALL_TIME);
    for (const delta of this.unwritten.values()) if (delta.bucket === ALL_TIME) yield delta;
  }

  /** Whether the last write failed. */
  get behind(): boolean {
    return this.failed;
  }

  /**
   * Writes down everything settled so far, asking the store before it returns. Never rejects.
   *
   * @returns whether all of it is written: what is not stays for the next time.
   */
  flush(): Promise<boolean> {
    for (const delta of this.options.accounts.drain()) {
      this.keep(delta);
      this.keep({ ...delta, bucket: ALL_TIME });
    }
    if (this.failed) this.running = this.running.then(() => this.again());
    else if (this.unwritten.size > 0 || this.uses.size > 0) {
      const before = this.running;
      const writing = this.send();
      this.running = before.then(async done => (await writing) && done);
    }
    return this.running;
  }

  /** Writes what is left, once more, or leaves it to the journal; then nothing. @returns whether the journal or the store has all. */
  async close(): Promise<boolean> {
    this.stopped = true;
    this.timer?.();
    if ((await this.flush()) || (await this.flush())) return true;
    const { journal, onError } = this.options;
    if (journal === undefined) return false;
    try {
      const left = [...this.sent.values()];
      if (this.unwritten.size > 0) left.push(this.take());
      await journal.keep(left);
      return true;
    } catch (error) {
      onError(error);
      return false;
    }
  }

  /** Sends again what failed, oldest first; then what has come since. */
  private async again(): Promise<boolean> {
    for (const batch of [...this.sent.values()]) if (!(await this.write(batch))) return false;
    this.failed = false;
    this.grain = 0;
    return this.unwritten.size === 0 && this.uses.size === 0 ? true : this.send();
  }

  private async send(): Promise<boolean> {
    const { store, onError } = this.options;
    const uses = this.uses;
    this.uses = new Map();
    const batch = this.unwritten.size > 0 ? this.take() : undefined;
    if (batch !== undefined && !(await this.write(batch))) return false;
    try {
      if (uses.size > 0) await store.touch([...uses]);
    } catch (error) {
      onError(error);
    }
    return true;
  }

  private async write(batch: NamedSpend): Promise<boolean> {
    const { store, onError, counters } = this.options;
    this.sent.set(batch.seq, batch);
    try {
      // What the ledger has, the others have been told: who begins now and reads it must not count it twice.
      if (counters?.connected === true) await counters.exchange();
      await store.addSpend(batch.deltas, batch);
      this.sent.delete(batch.seq);
      return true;
    } catch (error) {
      this.failed = true;
      onError(error);
      return false;
    }
  }

  /** What waits, as a batch with a name. */
  private take(): NamedSpend {
    const deltas = [...this.unwritten.values()];
    this.unwritten = new Map();
    const seq = ++this.seq;
    return { writer: this.options.writer, seq, oldest: Math.min(seq, ...this.sent.keys()), deltas };
  }

  private keep(delta: SpendDelta): void {
    while (this.unwritten.size >= MOST_WAITING && this.grain < DAY) this.coarsen();
    this.add(delta);
  }

  private add(delta: SpendDelta): void {
    const bucket =
      this.grain === 0 || delta.bucket === ALL_TIME ? delta.bucket : Math.floor(delta.bucket / this.grain) * this.grain;
    const name = `${bucket} ${delta.kind} ${delta.id}`;
    const before = this.unwritten.get(name);
    this.unwritten.set(name, {
      ...delta,
      bucket,
      nanoUsd: (before?.nanoUsd ?? 0) + delta.nanoUsd,
      promptTokens: (before?.promptTokens ?? 0) + delta.promptTokens,
      completionTokens: (before?.completionTokens ?? 0) + delta.completionTokens,
      requests: (before?.requests ?? 0) + delta.requests,
    });
  }

  private coarsen(): void {
    this.grain = this.grain === 0 ? HOUR : DAY;
    const deltas = [...this.unwritten.values()];
    this.unwritten = new Map();
    for (const delta of deltas) this.add(delta);
  }
}
