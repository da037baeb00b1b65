import type { Clock } from '#contract/clock.js';
import type { Deadline } from '#contract/deadline.js';
import type { Milliseconds } from '#contract/units.js';
import { ServiceTime } from './service-time.js';

/** A text that waits for its vector. */
export interface EmbedJob extends Deadline {
  readonly text: string;
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
  /** Whether the model reads every text of a batch as if it were as long as the longest. */
  readonly padded: boolean;
}

/** Characters that one batch may have; where it is padded, each text counts as long as the longest: padding costs as much as text. */
const BATCH_CHARS = 8192;
/** A text costs at least as much as one of so many characters, and at most as much as one that fills the model's length. */
const LEAST_COST = 40;
const MOST_COST = 1500;
/** Share of a text's time that is kept for the batch it will be in: texts that came with less left would have to go alone, and slower. */
const BATCH_SHARE = 1 / 4;

/** A batch that is being computed. */
interface Begun {
  readonly cost: number;
  readonly at: Milliseconds;
}

/**
 * Texts that wait for a model: first come, first served, within bounds. Batches form by themselves while the model is at work: what
 * has come by then goes together, where it would be padded only as far as it is of similar length. Nothing waits for company. Pure: who runs batches says when.
 *
 * A text is taken in only where what is before it, by what texts took lately (Little, 1961: waiting is the work ahead over the rate of
 * work), leaves it time to be done by its deadline; and what nobody waits for any more, or could not be done in the time that is left,
 * goes before it is computed. So an overload costs those who are refused at once, and not those who were taken in.
 */
export class EmbedQueue {
  private readonly waiting: EmbedJob[] = [];
  private cost = 0;
  private readonly begun = new Map<readonly EmbedJob[], Begun>();
  private readonly service = new ServiceTime();

  constructor(
    private readonly clock: Clock,
    private readonly limits: QueueLimits,
    /** Batches that can be computed side by side. */
    public servers = 1,
  ) {}

  get length(): number {
    return this.waiting.length;
  }

  /** How long a text that came now would wait, by what batches took lately. */
  get expectedWaitMs(): Milliseconds {
    if (this.idle) return 0;
    const { service, clock } = this;
    let ms = service.expected(this.cost);
    for (const { cost, at } of this.begun.values()) ms += Math.max(0, service.expected(cost) - (clock.now() - at));
    return ms / this.servers;
  }

  /** Takes a text. @returns false when there is no room, it could not be begun in time, or not be done in time. */
  offer(job: EmbedJob): boolean {
    if (this.waiting.length >= this.limits.capacity) return false;
    if (this.clock.now() + this.expectedWaitMs > job.until || !this.canBeDone(job)) return false;
    this.waiting.push(job);
    this.cost += costOf(job);
    return true;
  }

  /**
   * The next batch, and what is too late or not wanted any more. Every batch has to end in {@link ended}.
   * @param free threads that are about to take one: each gets its share of what waits, for two with half of it are done sooner than one with all.
   */
  take(free = 1): { readonly batch: readonly EmbedJob[]; readonly late: readonly EmbedJob[] } {
    const now = this.clock.now();
    const share = this.cost / free;
    const late: EmbedJob[] = [];
    const hopeless: EmbedJob[] = [];
    const batch: EmbedJob[] = [];
    const rest: EmbedJob[] = [];
    let cost = 0;
    let leftMs = Number.POSITIVE_INFINITY;
    for (const job of this.waiting) {
      const own = costOf(job);
      const left = job.leftMs();
      if (job.until < now || left <= 0) late.push(job);
      else if (this.service.expected(own) > left) hopeless.push(job);
      else if (
        batch.length === 0 ||
        (cost + own <= share &&
          this.fits(job, batch, cost) &&
          this.service.expected(cost + own) <= Math.min(left, leftMs))
      ) {
        batch.push(job);
        cost += own;
        leftMs = Math.min(left, leftMs);
      } else rest.push(job);
    }
    // With nothing better to do one is tried all the same: else nobody would ever learn that texts have become faster again.
    const tried = batch.length === 0 && this.begun.size === 0 ? hopeless.pop() : undefined;
    if (tried !== undefined) {
      batch.push(tried);
      cost = costOf(tried);
    }
    late.push(...hopeless);
    this.waiting.splice(0, this.waiting.length, ...rest);
    this.cost = rest.reduce((sum, job) => sum + costOf(job), 0);
    if (batch.length > 0) this.begun.set(batch, { cost, at: now });
    return { batch, late };
  }

  /** A batch is over. @param learn whether it went as batches go, so that something can be learned from what it took. */
  ended(batch: readonly EmbedJob[], learn = true): void {
    const begun = this.begun.get(batch);
    if (begun === undefined) return;
    this.begun.delete(batch);
    if (learn) this.service.took(begun.cost, this.clock.now() - begun.at);
  }

  /** Learns from a text that went past the queue, before any has gone through it. */
  took(text: string, ms: Milliseconds): void {
    this.service.took(costOf({ text }), ms);
  }

  /** Takes a text out that is not begun. @returns whether it was there. */
  withdraw(job: EmbedJob): boolean {
    const at = this.waiting.indexOf(job);
    if (at < 0) return false;
    this.waiting.splice(at, 1);
    this.cost -= costOf(job);
    return true;
  }

  /** Empties the queue. */
  drain(): readonly EmbedJob[] {
    this.cost = 0;
    return this.waiting.splice(0);
  }

  /** While a thread is free nothing waits, whatever the others are at. */
  private get idle(): boolean {
    return this.begun.size < this.servers && this.waiting.length === 0;
  }

  private canBeDone(job: EmbedJob): boolean {
    const left = job.leftMs();
    if (left <= 0) return false;
    if (left === Number.POSITIVE_INFINITY) return true;
    if (this.idle) return true;
    return this.expectedWaitMs + Math.max(this.service.prudent(costOf(job)), left * BATCH_SHARE) <= left;
  }

  private fits(job: EmbedJob, batch: readonly EmbedJob[], cost: number): boolean {
    const [first] = batch;
    if (first === undefined) return true;
    if (batch.length >= this.limits.batch) return false;
    if (!this.limits.padded) return cost + costOf(job) <= BATCH_CHARS;
    const longest = Math.max(costOf(first), costOf(job));
    const shortest = Math.min(costOf(first), costOf(job));
    return shortest * 1.5 >= longest && (batch.length + 1) * longest <= BATCH_CHARS;
  }
}

function costOf({ text }: Pick<EmbedJob, 'text'>): number {
  return Math.min(MOST_COST, Math.max(LEAST_COST, text.length));
}
