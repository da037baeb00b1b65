import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';

const TELL_EVERY: Milliseconds = 100;
/** Rows in one message between processes; more in as short a time are counted. */
const MOST_ROWS = 512;

/** Rows of a trace on their way to a recording in another process: gathered, so that a request costs no message of its own. */
export class RowBatch {
  private rows: TraceRequest[] = [];
  private skipped = 0;
  private timer: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (rows: readonly TraceRequest[], skipped: number) => void,
  ) {}

  add(row: TraceRequest): void {
    if (this.rows.length < MOST_ROWS) this.rows.push(row);
    else this.skipped++;
    this.timer ??= this.clock.after(TELL_EVERY, () => this.tell());
  }

  /** Sends what was gathered. */
  tell(): void {
    this.timer?.();
    this.timer = undefined;
    const { rows, skipped } = this;
    if (rows.length === 0) return;
    this.rows = [];
    this.skipped = 0;
    this.send(rows, skipped);
  }
}
