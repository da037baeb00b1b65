import type { Clock } from '#contract/clock.js';
import type { DecisionRecord } from '#contract/record.js';
import type { TailConditions, TailSink } from './peers.js';
import type { RecordFeed } from './record-feed.js';

/** Records a second that a tail shows; what comes on top is counted. */
const MOST_A_SECOND = 20;

/** Lets so many records a second through and counts the others. */
export class TailLimit implements TailSink {
  private second = 0;
  private sent = 0;
  private left = 0;

  /** @param show false when the record could not be shown now. */
  constructor(
    private readonly clock: Clock,
    private readonly show: (record: DecisionRecord) => boolean,
    private readonly count: (skipped: number) => boolean,
  ) {}

  record(record: DecisionRecord): void {
    this.turn();
    if (this.sent < MOST_A_SECOND && this.show(record)) this.sent++;
    else this.left++;
  }

  skipped(count: number): void {
    this.left += count;
    this.turn();
  }

  private turn(): void {
    const now = Math.floor(this.clock.now() / 1000);
    if (now === this.second) return;
    if (this.left > 0 && this.count(this.left)) this.left = 0;
    this.second = now;
    this.sent = 0;
  }
}

/** Tells of the records of this process that meet the conditions. @returns how to stop. */
export function watchMatching(feed: RecordFeed, conditions: TailConditions, sink: TailSink): () => void {
  return feed.watch(record => {
    if (matches(record, conditions)) sink.record(record);
  });
}

function matches({ decision, outcome, profile }: DecisionRecord, given: TailConditions): boolean {
  return (
    (given.decision === undefined || given.decision === decision) &&
    (given.model === undefined || given.model === outcome.model) &&
    (given.status === undefined || given.status === outcome.status) &&
    (given.session === undefined || given.session === profile.session)
  );
}
