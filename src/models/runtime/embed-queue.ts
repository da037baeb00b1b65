import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

/** A text that waits for its vector. */
export interface EmbedJob {
  readonly text: string;
  readonly queuedAt: Milliseconds;
  /** When it is too late to begin. */
  readonly until: Milliseconds;
  settle(vector: Float32Array): void;
  fail(error: unknown): void;
}

export interface QueueLimits {
  /** Texts that may wait. */
  readonly capacity: number;
  /** Texts in a batch. */
  readonly batch: number;
}

/** Characters that one batch may have, each text counted as long as the longest: padding costs as much as text. */
const BATCH_CHARS = 8192;
/** A text costs at least as much as one of so many characters, and at most as much as one that fills the model's length. */
const LEAST_COST = 40;
const MOST_COST = 1500;
/** Weight of the latest batch in what a character is expected to take. */
const LEARNING = 0.2;

/**
 * Texts that wait for a model: first come, first served, within bounds. Batches form by themselves while the model is at work: what
 * has come by then goes together, as far as it is of similar length. Nothing waits for company. Pure: who runs batches says when.
 */
export class EmbedQueue {
  private readonly waiting: EmbedJob[] = [];
  private cost = 0;
  private msPerCost = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limits: QueueLimits,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  /** How long a text that came now would wait, by what batches took lately. */
  get expectedWaitMs(): Milliseconds {
    return this.cost * this.msPerCost;
  }

  /** Takes a text. @returns false when there is no room, or it could not be begun in time. */
  offer(job: EmbedJob): boolean {
    if (this.waiting.length >= this.limits.capacity) return false;
    if (this.clock.now() + this.expectedWaitMs > job.until) return false;
    this.waiting.push(job);
    this.cost += costOf(job);
    return true;
  }

  /** The next batch, and what has waited too long for it. */
  take(): { readonly batch: readonly EmbedJob[]; readonly late: readonly EmbedJob[] } {
    const now = this.clock.now();
    const late: EmbedJob[] = [];
    const batch: EmbedJob[] = [];
    const rest: EmbedJob[] = [];
    for (const job of this.waiting) {
      if (job.until < now) late.push(job);
      else if (this.fits(job, batch)) batch.push(job);
      else rest.push(job);
    }
    this.waiting.splice(0, this.waiting.length, ...rest);
    this.cost = rest.reduce((sum, job) => sum + costOf(job), 0);
    return { batch, late };
  }

  /** Learns from a batch how long texts take. */
  took(batch: readonly EmbedJob[], ms: Milliseconds): void {
    const cost = batch.reduce((sum, job) => sum + costOf(job), 0);
    if (cost === 0) return;
    this.msPerCost = this.msPerCost === 0 ? ms / cost : this.msPerCost + LEARNING * (ms / cost - this.msPerCost);
  }

  /** Empties the queue. */
  drain(): readonly EmbedJob[] {
    this.cost = 0;
    return this.waiting.splice(0);
  }

  private fits(job: EmbedJob, batch: readonly EmbedJob[]): boolean {
    const [first] = batch;
    if (first === undefined) return true;
    if (batch.length >= this.limits.batch) return false;
    const longest = Math.max(costOf(first), costOf(job));
    const shortest = Math.min(costOf(first), costOf(job));
    return shortest * 1.5 >= longest && (batch.length + 1) * longest <= BATCH_CHARS;
  }
}

function costOf({ text }: EmbedJob): number {
  return Math.min(MOST_COST, Math.max(LEAST_COST, text.length));
}
