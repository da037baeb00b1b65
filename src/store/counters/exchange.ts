import type { Milliseconds } from '#contract/units.js';

/** What a process tells of one counter: all in sums, so that telling it twice changes nothing and telling it later loses nothing. */
export interface Told {
  readonly name: string;
  /** Spent here in all. */
  readonly own: number;
  /** Held here now. */
  readonly held: number;
  /**
   * Up to where spent and held together may go by the claim that it has. It promises to stay below from now on: only what is told
   * is free for others, never what it was asked to give up.
   */
  readonly claim: number;
  /** What it took to be left of the limit and what others had spent then, and what it is short of. Absent when nobody asks. */
  readonly wants?: { readonly left: number; readonly others: number; readonly need: number };
}

/** What is heard of one counter in return. */
export interface HeardCount {
  readonly others: number;
  readonly othersHeld: number;
  /** At least what was told: a grant. */
  readonly claim: number;
  /** What is enough: the rest should be given up. */
  readonly keep: number;
}

/** What a process hears in return. */
export interface Heard {
  /** Processes that count together now. */
  readonly processes: number;
  /** Names the memory that counts are kept in; another one has forgotten them. */
  readonly memory: string;
  /** How long ago the other one that was longest not heard of told what it knew; 0 when there is none. */
  readonly age: Milliseconds;
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
 * Where nobody says that a process has ended, one that has not been heard of for so long does not count any more. For as long a
 * memory grants nothing new after one that was lost: others may still hold claims that it has not been told of.
 */
export const GONE_AFTER: Milliseconds = 3000;

/** A count that nobody has told of for so long is forgotten where processes meet; every one is told again well before. */
export const KEPT_FOR: Milliseconds = 120_000;
export const TOLD_AGAIN: Milliseconds = 20_000;
