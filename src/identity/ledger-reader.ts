import type { Clock } from '#contract/clock.js';
import { ALL_TIME, type IdentityStore } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Accounts } from './accounts.js';
import type { Meter } from './meter.js';
import type { WriteBehind } from './write-behind.js';

/** Once a second: until a memory that was lost has been told by all, and what they spent meanwhile is written. */
const REREADS = 3;

export interface LedgerReaderPorts {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly behind: WriteBehind;
  readonly counters: SharedCounters | undefined;
}

/** Has budgets count what the ledger says was spent of them, by this process before it and by others beside it. */
export class LedgerReader {
  /** Budgets that were put in force without what was spent of them, which could not be read. */
  private readonly unread = new Set<Meter>();
  /** Budgets whose ledger is to be read once more: others may have written to it what they had not yet told, or told and not yet written. */
  private fresh: Meter[] = [];
  private around = { processes: 1, settled: false };
  /** How many more times all ledgers are to be read again, after others were lost. */
  private rereads = 0;

  constructor(private readonly ports: LedgerReaderPorts) {}

  /** Whether all budgets know what was spent of them before. */
  get complete(): boolean {
    return this.unread.size === 0;
  }

  /** Notes budgets that are new: where others count too, they are {@link readAgain}. */
  entered(meters: readonly Meter[]): void {
    if (this.ports.counters !== undefined) this.fresh.push(...meters);
  }

  /**
   * Has budgets count what the ledger says was spent of them before, here and elsewhere. Those of which it cannot be read know only
   * what they have seen themselves, until it can.
   */
  async read(meters: readonly Meter[]): Promise<void> {
    if (meters.length === 0) return;
    const { store, clock, counters } = this.ports;
    // What others have counted must be known, or it would be counted twice.
    if (counters !== undefined) {
      for (const meter of meters) meter.counted(clock.wall());
      await this.ports.behind.flush();
      await counters.exchange();
    }
    // All in one turn: what is settled before is written down before the store reads, what is settled after is counted by the meter.
    const flushed = this.ports.behind.flush();
    const now = clock.wall();
    const reads = meters.map(meter => {
      const start = meter.startOf(now);
      return {
        meter,
        start,
        counted: meter.counted(now),
        spent: store.spent(meter.owner, Number.isFinite(start) ? start : ALL_TIME),
      };
    });
    const [complete, spent] = await Promise.all([flushed, Promise.allSettled(reads.map(read => read.spent))]);
    reads.forEach(({ meter, start, counted }, at) => {
      const read = spent[at]!;
      if (!complete || read.status === 'rejected') {
        this.unread.add(meter);
        return;
      }
      this.unread.delete(meter);
      const { nanoUsd, promptTokens, completionTokens } = read.value;
      const used = meter.budget.unit === 'usd' ? nanoUsd : promptTokens + completionTokens;
      meter.restore(clock.wall(), start, used, counted, counters?.settled);
    });
  }

  /** What could not be read when it was put in force. */
  readMissing(): Promise<void> {
    return this.read([...this.unread]);
  }

  /** Reads again what others may have changed without having told. To be done now and then. */
  async readAgain(): Promise<void> {
    const { clock, counters, accounts } = this.ports;
    if (counters === undefined) return;
    const { processes, settled } = counters;
    const { fresh, around } = this;
    this.fresh = [];
    this.around = { processes, settled };
    // Whoever has ended, and a memory that was lost, knew what only the ledger knows now, or will once all have written.
    if (processes < around.processes || settled !== around.settled) this.rereads = REREADS;
    if (!settled) this.fresh = fresh;
    else if (this.rereads-- > 0) await this.read(accounts.meters().filter(meter => meter.inUse(clock.wall())));
    else await this.read(fresh);
  }
}
