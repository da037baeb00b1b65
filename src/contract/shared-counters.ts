import type { Milliseconds } from './units.js';

/**
 * One amount that several processes share, such as the tokens a team may use in a minute. Counting is synchronous and never waits:
 * each process has a claim on a part of what is left, and claims are exchanged several times a second.
 *
 * What is *spent* stays counted, whoever counted it. What is *held* is in use now: it goes with the process that holds it.
 */
export interface SharedCounter {
  /** Spends here. Never negative: what is spent stays spent. */
  add(amount: number): void;
  /** Takes into use here, or gives back when negative. The claim on it is kept meanwhile. */
  hold(amount: number): void;
  /** What was spent here. */
  readonly own: number;
  /** What is held here. */
  readonly held: number;
  /** What all others have spent, as far as they have told. Never goes down. */
  readonly others: number;
  /** What all others hold, as far as they have told. */
  readonly othersHeld: number;
  /**
   * How much this process may take into use or spend now, beside what it holds. Claims together never exceed what is left.
   *
   * @param left what of the limit nobody has spent; what is held is no matter here.
   * @param need what is wanted now: asked of the others when the claim is too small for it.
   * @param used what of the limit was spent here; {@link SharedCounter.own} unless said. Without a claim, and while the others are
   *   not heard, this process keeps to an even share of `left + used`.
   */
  room(left: number, need: number, used?: number): number;
}

/** Counters that are shared with other processes. */
export interface SharedCounters {
  /** The counter of a name: whoever names the same shares it. It may be forgotten at the wall time `until`. */
  counter(name: string, until: Milliseconds): SharedCounter;
  /** Processes that count together, this one included, as far as it knows. */
  readonly processes: number;
  /** Whether the others are heard. While they are not, each process keeps to its claims. */
  readonly connected: boolean;
  /** How often there was too little room although others may have what they do not need any more: an exchange may bring it. */
  readonly shortages: number;
  /** Of those, how often it was only claims of others that stood in the way: they will give them up. */
  readonly contentions: number;
  /** Everyone has told what they knew at this time of the monotonic clock. */
  readonly freshAt: Milliseconds;
  /** Whether all who are there have told what they had counted before: not right after the others were not heard. */
  readonly settled: boolean;
  /** Tells the others what was counted here, and hears of them, once more from now on. Resolves whether that was possible. */
  exchange(): Promise<boolean>;
  /** Tells the others once more, then nothing. */
  close(): Promise<void>;
}
