import type { Deadline } from '#contract/deadline.js';
import type { Milliseconds } from '#contract/units.js';
import type { EmbedJob } from './embed-queue.js';

/** How a text's promise ends. */
export type Ends = Pick<EmbedJob, 'settle' | 'fail'>;

/** A text in the queue, and all who wait for it: what counts is the most patient of them. */
export class WaitingText implements EmbedJob {
  readonly settle: EmbedJob['settle'];
  readonly fail: EmbedJob['fail'];
  private readonly deadlines: Deadline[] = [];

  constructor(
    readonly text: string,
    /** When it is too late to begin. */
    public until: Milliseconds,
    deadline: Deadline,
    { settle, fail }: Ends,
  ) {
    this.settle = settle;
    this.fail = fail;
    this.deadlines.push(deadline);
  }

  /** One more waits for it. */
  join(until: Milliseconds, deadline: Deadline): void {
    this.until = Math.max(this.until, until);
    if (!this.deadlines.includes(deadline)) this.deadlines.push(deadline);
  }

  leftMs(): Milliseconds {
    return this.deadlines.reduce((most, deadline) => Math.max(most, deadline.leftMs()), 0);
  }
}
