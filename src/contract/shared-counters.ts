import type { Milliseconds } from './units.js';

/**
 * `spent`: what was used up; it counts until its time has passed, whoever counted it. `held`: what is in use now; it goes with the
 * process that holds it.
 */
export type CounterKind = 'spent' | 'held';

/**
 * One count that several processes keep together, such as the tokens a team used in a minute. Counting is synchronous and never
 * waits: each process holds a claim on a part of what is left, and claims are exchanged several times a second.
 */
export interface SharedCounter {
  /** Counts here. Negative amounts take back. */
  add(amount: number): void;
  /** What was counted here. */
  readonly own: number;
  /** What all others have counted, as far as they have told. Never goes down for `spent`. */
  readonly others: number;
  /**
   * How much of `remaining` (what is left after {@link SharedCounter.own} and {@link SharedCounter.others}) this process may use
   * now: its claim on it. Claims together never exceed what is left. Before a name was exchanged for the first time there is no
   * claim yet, and an eighth of an even part may be used.
   */
  room(remaining: number): number;
}

/** Counters that are shared with other processes, or with none. */
export interface SharedCounters {
  /** The counter of a name. Whoever names the same shares it, until the wall time `until`. */
  counter(name: string, until: Milliseconds, kind?: CounterKind): SharedCounter;
  /** The wall time that all of them go by: what names of periods are made from. */
  wall(): Milliseconds;
  /** Processes that count together, this one included, as far as it knows. */
  readonly processes: number;
  /** Whether the others are heard. While they are not, each process keeps to its claims. */
  readonly connected: boolean;
  /** Tells the others what was counted here so far, and hears of them. Resolves whether that was possible. */
  exchange(): Promise<boolean>;
  /** Tells the others once more, then nothing. */
  close(): Promise<void>;
}
