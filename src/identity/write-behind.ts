import type { Cancel, Clock } from '#contract/clock.js';
import { ALL_TIME, type IdentityStore, type SpendDelta } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import type { Accounts } from './accounts.js';

export interface WriteBehindOptions {
  readonly store: IdentityStore;
  readonly accounts: Accounts;
  readonly clock: Clock;
  /** How often what was used is written down: what a crash can lose. */
  readonly everyMs: Milliseconds;
  readonly onError: (error: unknown) => void;
  readonly counters?: SharedCounters | undefined;
}

/**
 * Writes spending and last uses behind the requests, in batches. What cannot be written is kept and tried again with the next batch,
 * summed by subject and bucket, so that a store that is away for long costs no more memory than there are subjects and quarters.
 */
export class WriteBehind {
  private unwritten = new Map<string, SpendDelta>();
  private uses = new Map<string, Milliseconds>();
  private running: Promise<void> = Promise.resolve();
  private timer: Cancel | undefined;
  private stopped = false;

  constructor(private readonly options: WriteBehindOptions) {}

  start(): void {
    if (this.stopped) return;
    this.timer = this.options.clock.after(this.options.everyMs, () => {
      void this.flush().finally(() => this.start());
    });
  }

  /** Notes that a key was used. */
  used(key: string, at: Milliseconds): void {
    this.uses.set(key, at);
  }

  /** Writes down everything settled so far. Never rejects: what could not be written stays for the next time. */
  flush(): Promise<void> {
    for (const delta of this.options.accounts.drain()) {
      this.keep(delta);
      this.keep({ ...delta, bucket: ALL_TIME });
    }
    const batch = this.unwritten;
    const uses = this.uses;
    if (batch.size === 0 && uses.size === 0) return this.running;
    this.unwritten = new Map();
    this.uses = new Map();
    this.running = Promise.all([this.running, this.write(batch, uses)]).then(() => undefined);
    return this.running;
  }

  /** Writes what is left, once more; then nothing. */
  async close(): Promise<void> {
    this.stopped = true;
    this.timer?.();
    await this.flush();
    await this.flush();
  }

  private async write(batch: ReadonlyMap<string, SpendDelta>, uses: ReadonlyMap<string, Milliseconds>): Promise<void> {
    const { store, onError, counters } = this.options;
    try {
      // What the ledger has, the others have been told: who begins now and reads it must not count it twice.
      if (batch.size > 0 && counters?.connected === true) await counters.exchange();
      if (batch.size > 0) await store.addSpend([...batch.values()]);
    } catch (error) {
      for (const delta of batch.values()) this.keep(delta);
      onError(error);
      return;
    }
    try {
      if (uses.size > 0) await store.touch([...uses]);
    } catch (error) {
      onError(error);
    }
  }

  private keep(delta: SpendDelta): void {
    const name = `${delta.bucket} ${delta.kind} ${delta.id}`;
    const before = this.unwritten.get(name);
    this.unwritten.set(
      name,
      before === undefined
        ? delta
        : {
            ...delta,
            nanoUsd: before.nanoUsd + delta.nanoUsd,
            promptTokens: before.promptTokens + delta.promptTokens,
            completionTokens: before.completionTokens + delta.completionTokens,
            requests: before.requests + delta.requests,
          },
    );
  }
}
