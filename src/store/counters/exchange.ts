import type { CounterKind } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';

/** What a process tells of one counter: all in sums, so that telling it twice changes nothing and telling it later loses nothing. */
export interface Told {
  readonly name: string;
  readonly kind: CounterKind;
  /** Counted here in all. */
  readonly own: number;
  /** Up to where it may count by the claim it has. */
  readonly claim: number;
  /**
   * What it takes to be left for all, and what it knew then that the others had counted. Absent when it needs nothing: its claim
   * is given up.
   */
  readonly wants?: { readonly left: number; readonly others: number };
  readonly until: Milliseconds;
}

/** What is heard of one counter in return. */
export interface HeardCount {
  readonly others: number;
  readonly claim: number;
}

/** What a process hears in return. */
export interface Heard {
  /** Processes that count together now. */
  readonly processes: number;
  /** Names the memory that counts are kept in; another one has forgotten them. */
  readonly memory: string;
  /** The wall time where they meet. */
  readonly time: Milliseconds;
  /** In the order of what was told. */
  readonly counts: readonly HeardCount[];
}

/** How processes tell one another what they have counted. Rejects when the others cannot be reached. */
export interface Exchange {
  /** @param memory the one that this process told before, if any: one that has been lost is followed by a time without grants. */
  swap(process: string, told: readonly Told[], memory?: string): Promise<Heard>;
  close(): Promise<void>;
}

/**
 * A process that has not been heard of for so long does not count any more. For as long a memory grants nothing new after one that was lost:
 * others may still hold claims that it has not been told of.
 */
export const GONE_AFTER: Milliseconds = 3000;
