import type { AuditEntry } from '#contract/audit.js';
import type { Cancel } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { Versioned } from '#contract/identity.js';
import type { Milliseconds } from '#contract/units.js';
import type { Accounts } from './accounts.js';
import type { Directory } from './directory.js';
import type { LedgerReader } from './ledger-reader.js';
import type { Meter } from './meter.js';
import type { IdentityPorts } from './ports.js';

/** Spending by quarters of an hour is kept for a little over three months: longer than any window but `total`, which has its own sum. */
const KEEP_SPEND: Milliseconds = 100 * 24 * 3_600_000;
const SWEEP_EVERY: Milliseconds = 60_000;
const PAGE = 1000;

/** Keeps what this process knows of keys, teams and users the same as the store has it, whoever changes it. */
export class StoreFollower {
  private seen = 0;
  private answers = true;
  private stopRefreshing: Cancel | undefined;
  private sweptAt = 0;
  private closed = false;
  private refreshing: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: Directory,
    private readonly accounts: Accounts,
    private readonly ledger: LedgerReader,
    private readonly ports: IdentityPorts,
  ) {}

  /** Whether the store answered when it was last asked. */
  get heard(): boolean {
    return this.answers;
  }

  /** Puts everything in force that there is. @throws WeirError `store.unavailable`. */
  async readAll(): Promise<void> {
    const { store } = this.ports;
    this.seen = await store.auditHead();
    const entries = await store.load();
    await this.ledger.read(entries.flatMap(entry => this.enter(entry)));
    if (!this.ledger.complete) throw new WeirError('store.unavailable', 'What was spent cannot be read');
  }

  /** Begins to look for changes. */
  follow(): void {
    this.planRefresh();
    // One that is under way may have looked already: after it once more.
    this.ports.store.watch?.(() => {
      const before = this.refreshing?.catch(() => undefined);
      void Promise.resolve(before)
        .then(() => this.refresh())
        .catch(() => undefined);
    });
  }

  close(): void {
    this.closed = true;
    this.stopRefreshing?.();
  }

  /** Takes over what other processes changed: the audit log tells what that is. */
  refresh(): Promise<void> {
    // One after the other: whoever asks now is to have everything that is written by now.
    this.refreshing = this.refreshing
      .catch(() => {})
      .then(() => this.lookForChanges())
      .then(
        () => {
          this.answers = true;
        },
        (error: unknown) => {
          this.answers = false;
          throw error;
        },
      );
    return this.refreshing;
  }

  /**
   * A change of this process, durable: in force from here on. Never rejects for what cannot be read or told of it now: that is done again, and
   * whoever made the change is to know that it was made.
   */
  async applied(entry: Versioned, audit: AuditEntry): Promise<void> {
    // The rows of other processes that may lie between are still to be read.
    if (audit.seq === this.seen + 1) this.seen = audit.seq;
    const fresh = this.enter(entry);
    await this.ledger.read(fresh).catch((error: unknown) => this.ports.onError?.(error));
    await this.ports.onChange?.().catch((error: unknown) => this.ports.onError?.(error));
  }

  /** Puts an entity in force at once. @returns its budgets that are new: what was spent of them is to be read from the ledger. */
  private enter(entry: Versioned): Meter[] {
    const known = this.directory.get(entry.kind, entry.entity.id);
    if (known !== undefined && known.version >= entry.version) return [];
    this.directory.put(entry);
    const account = this.accounts.of(entry.kind, entry.entity.id);
    const { budgets } = entry.entity;
    const meters = account.metersFor(budgets);
    const fresh = meters.filter(meter => !account.meters.includes(meter));
    account.meters = meters;
    meters.forEach((meter, at) => {
      const budget = budgets[at];
      if (budget !== undefined && meter.budget !== budget) meter.change(budget);
    });
    this.ledger.entered(fresh);
    return fresh;
  }

  private planRefresh(): void {
    if (this.closed) return;
    this.stopRefreshing = this.ports.clock.after(this.ports.refreshEveryMs ?? 1000, () => {
      void this.keepUp()
        .catch((error: unknown) => this.ports.onError?.(error))
        .finally(() => this.planRefresh());
    });
  }

  private async lookForChanges(): Promise<void> {
    const { store } = this.ports;
    while ((await store.auditHead()) > this.seen) {
      const rows = await store.audit({ after: this.seen, limit: PAGE });
      for (const { target, seq } of rows) {
        if (target.kind === 'key' || target.kind === 'team' || target.kind === 'user') {
          const entry = await store.find({ kind: target.kind, id: target.id });
          if (entry !== undefined) await this.ledger.read(this.enter(entry));
        }
        this.seen = Math.max(this.seen, seq);
      }
      if (rows.length === 0) break;
    }
    await this.ledger.readMissing();
  }

  /** What is done now and then, whether anything has changed or not. */
  private async keepUp(): Promise<void> {
    await this.refresh();
    await this.ledger.readAgain();
    const { store, clock } = this.ports;
    if (clock.now() - this.sweptAt < SWEEP_EVERY) return;
    this.sweptAt = clock.now();
    this.accounts.sweep((kind, id) => this.directory.has({ kind, id }));
    await store.pruneSpend(clock.wall() - KEEP_SPEND);
  }
}
