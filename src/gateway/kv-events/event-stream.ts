import type { KvNews } from '#contract/kv-events.js';
import type { Knowledge } from '#pool/placement/blocks/replica-blocks.js';
import type { KvBatch } from '#protocols/kv-events/batch.js';

/** Whose cache is told of. */
export interface StreamSink {
  readonly knowledge: Knowledge;
  began(knowledge: 'partial' | 'exact'): void;
  told(events: readonly KvNews[]): void;
}

/** Batches that come live while others are replayed; more are left to the next replay. */
const MOST_HELD = 1024;

/** What came in one message. */
export type Batch = Pick<KvBatch, 'at' | 'events'>;

interface Replay {
  readonly from: number;
  heard: boolean;
  /** The engine is not the one that told what is known. */
  another: boolean;
  /** It was reached anew meanwhile: what is replayed may be of the one before. */
  stale: boolean;
}

/**
 * Keeps the batches of one engine in order: every one once, by its sequence number. What was missed is asked for again; where that is not to be
 * had, or the engine began anew, what was known of its cache is given up.
 *
 * A number does not tell one life of an engine from the next: so the last batch that was taken is always asked for as well, and its time compared.
 * Where the engine no longer keeps that one, nobody can tell whose batches come, and what was known is given up.
 */
export class EventStream {
  /** The next number that is expected; `undefined` while nothing was heard. */
  private next: number | undefined;
  /** Time of the batch before it. */
  private lastAt: number | undefined;
  private replaying: Replay | undefined;
  private held: { readonly sequence: number; readonly batch: Batch }[] = [];
  /** No live batch of this life has a lower number. */
  private least = 0;
  gaps = 0;
  restarts = 0;
  replays = 0;

  /**
   * @param replay asks for all batches from a number on, to be told by {@link replayed} and {@link replayEnded}; absent where the engine keeps none.
   */
  constructor(
    private readonly sink: StreamSink,
    private readonly replay?: (from: number) => void,
  ) {}

  /** The engine can be reached, for the first time or again: what was told meanwhile is asked for. */
  connected(): void {
    if (this.replay === undefined) {
      // Whether it is the same engine, and has told nothing meanwhile, nobody can tell.
      if (this.next !== undefined) this.begin('partial', 0);
      this.next = undefined;
    } else if (this.replaying === undefined) this.askOn();
    else this.replaying.stale = true;
  }

  /** A batch came. */
  live(sequence: number, batch: Batch): void {
    const { replaying } = this;
    if (replaying !== undefined) {
      if (sequence < this.least) {
        replaying.another = true;
        this.held = [];
      }
      this.least = sequence + 1;
      if (this.held.length < MOST_HELD) this.held.push({ sequence, batch });
      return;
    }
    const { next } = this;
    const known = this.sink.knowledge !== 'none';
    if (known && sequence === next) this.take(sequence, batch);
    else {
      const anew = next !== undefined && sequence < next;
      if (anew) this.restarts += 1;
      else if (next !== undefined && known) this.gaps += 1;
      if (sequence === 0) this.begin('exact', 0);
      else if (this.replay === undefined) this.begin('partial', sequence);
      else {
        if (anew) this.begin('partial', 0);
        this.held.push({ sequence, batch });
        if (anew) this.ask(0);
        else this.askOn();
        this.least = sequence + 1;
        return;
      }
      this.take(sequence, batch);
    }
  }

  /** A batch that was asked for came; in order. */
  replayed(sequence: number, batch: Batch): void {
    const { replaying, next } = this;
    if (replaying === undefined || replaying.another) return;
    if (!replaying.heard) {
      replaying.heard = true;
      if (replaying.from === 0) this.begin(sequence === 0 ? 'exact' : 'partial', sequence);
      else if (next !== undefined && sequence >= next) this.begin('partial', sequence);
      else if (batch.at !== this.lastAt) replaying.another = true;
    }
    if (replaying.another || (this.next !== undefined && sequence < this.next)) return;
    // The engine no longer keeps what lies between.
    if (sequence !== this.next) this.begin('partial', sequence);
    this.take(sequence, batch);
  }

  /** All that was asked for has come. */
  replayEnded(): void {
    const { replaying } = this;
    if (replaying === undefined) return;
    // An engine that does not have the last batch any more is not the one that sent it.
    if (replaying.another || (!replaying.heard && replaying.from > 0)) {
      this.restarts += 1;
      this.begin('partial', 0);
      this.ask(0);
    } else if (replaying.stale) this.askOn();
    else {
      if (!replaying.heard && this.held.length === 0) this.begin('exact', 0);
      this.catchUp();
    }
  }

  /** What was asked for does not come. */
  replayFailed(): void {
    const { replaying } = this;
    if (replaying === undefined) return;
    // Nobody can tell whether it is the engine that told what is known.
    this.begin('partial', 0);
    this.next = undefined;
    this.catchUp();
    if (replaying.stale) this.connected();
  }

  /** Asks for what came after the last batch taken, and for that one. */
  private askOn(): void {
    this.ask(this.next === undefined || this.sink.knowledge === 'none' ? 0 : Math.max(0, this.next - 1));
  }

  private ask(from: number): void {
    this.replays += 1;
    this.replaying = { from, heard: false, another: false, stale: false };
    this.least = this.held.at(-1)?.sequence ?? (from === 0 ? 0 : (this.next ?? 0));
    this.replay?.(from);
  }

  /** Goes on with what came live meanwhile. */
  private catchUp(): void {
    this.replaying = undefined;
    const { held } = this;
    this.held = [];
    for (const { sequence, batch } of held) {
      if (this.next !== undefined && sequence < this.next) continue;
      if (sequence !== this.next) this.begin(sequence === 0 ? 'exact' : 'partial', sequence);
      this.take(sequence, batch);
    }
  }

  private begin(knowledge: 'partial' | 'exact', sequence: number): void {
    this.sink.began(knowledge);
    this.next = sequence;
    this.lastAt = undefined;
  }

  private take(sequence: number, { at, events }: Batch): void {
    this.sink.told(events);
    this.next = sequence + 1;
    this.lastAt = at;
  }
}
