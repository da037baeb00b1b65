import type { Deadline } from './deadline.js';
import type { LearnedTier } from './learned.js';
import type { WorkloadProfile } from './profile.js';
import type { InferenceRequest } from './request.js';
import type { Milliseconds } from './units.js';

/** Kleene's third value is *unknown*: the signal could not be computed. It is never taken for false. */
export type Truth = 'true' | 'false' | 'unknown';

export interface SignalValue {
  readonly state: Truth;
  /** The measure behind the state: a probability, a count, a margin. What comparisons in a policy compare. */
  readonly score: number;
  /** For signals that name something (a language, a domain): what `==` in a policy compares. */
  readonly label?: string;
  /** What in the request made it so, short enough for a header: the matched word, the count. Never more than 120 characters. */
  readonly evidence?: string;
  /** Of signals that a model stands behind: what the value is by. */
  readonly tier?: LearnedTier;
}

/** What computing a signal costs: decides the order of evaluation and where it runs. */
export interface SignalCost {
  /** `inline`: microseconds on the event loop. `learned`: a model runs off the event loop. */
  readonly tier: 'inline' | 'learned';
  /** Typical time for a 1 kB text, in microseconds. */
  readonly microseconds: number;
}

export interface SignalInput {
  readonly request: InferenceRequest;
  readonly profile: WorkloadProfile;
  /** Until when a value is waited for, where that has an end. */
  readonly deadline?: Deadline | undefined;
}

/** One signal as configured: `legal: { keyword: { any: [...] } }` makes an evaluator of type `keyword` named `legal`. */
export interface SignalEvaluator {
  readonly name: string;
  readonly type: string;
  readonly cost: SignalCost;
  /**
   * Computes the value. An evaluator that returns a promise runs only when a decision still depends on it. It never throws for
   * what the request contains: what it cannot compute is unknown, with the reason as evidence.
   */
  evaluate(input: SignalInput): SignalValue | Promise<SignalValue>;
}

/** A value as it was read, with what it cost: a line of the decision record. */
export interface SignalReading extends SignalValue {
  readonly name: string;
  readonly type: string;
  readonly ms: Milliseconds;
}

/**
 * The signals of one request: lazy and memoised. Every stage reads the same board, so nothing is computed twice or ahead of need.
 */
export interface Board extends SignalInput {
  /**
   * The value of a signal; computes inline signals on first read. `undefined` means *not yet known*: it takes a
   * {@link Board.compute} to find out, which only a composition may call.
   *
   * @throws WeirError `internal.unknown_signal` when no signal has that name (configuration makes that impossible).
   */
  read(name: string): SignalValue | undefined;
  /** Computes the named signals off the event loop, side by side. Resolves when all are known (or unknown, in Kleene's sense). */
  compute(names: readonly string[]): Promise<void>;
  /** What was read so far, in the order in which it was first read. */
  readings(): readonly SignalReading[];
}
