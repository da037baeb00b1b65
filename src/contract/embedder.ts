import type { Deadline } from './deadline.js';
import type { Bytes, Milliseconds } from './units.js';

/** How patient a caller is when an embedder has more to do than it can. */
export interface EmbedOptions {
  /**
   * The longest that a text may wait before it is begun. When it would be longer, or the queue is full, the promise is rejected
   * with `model.busy`, or `model.loading` where the model is not there yet. Unbounded unless said; the queue is bounded all the same.
   */
  readonly patienceMs?: Milliseconds;
  /**
   * Until when the vectors are of use. A text that could not be done by then is refused with `model.busy`, and so is one whose deadline
   * passes, or whose asker goes, before it is begun: nothing is computed that nobody waits for.
   */
  readonly deadline?: Deadline | undefined;
}

/** Turns texts into vectors of length 1 whose inner product tells how much alike the texts are. */
export interface Embedder {
  /** Names the space of the vectors: those of two embedders can be compared only when their names are the same. */
  readonly name: string;
  /** Length of every vector; 0 until the model is loaded. */
  readonly dimension: number;
  /** Loads the model. Rejects when it cannot be loaded; the next call tries again. */
  prepare(): Promise<void>;
  /**
   * Vectors in the order of the texts. A text's vector does not depend on the texts beside it.
   *
   * @throws WeirError `model.busy`, `model.loading`, `model.unavailable`, `model.failed`.
   */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Float32Array[]>;
}

/** What a model has done and what it costs, for metrics. */
export interface ModelStatus {
  readonly name: string;
  /** `loading`, `ready`, or why it cannot be used. */
  readonly state: string;
  /** How its numbers are kept: `int8`, `fp32`, `remote`. */
  readonly precision: string;
  /** Weights in memory, over all threads. */
  readonly bytes: Bytes;
  readonly loadMs: Milliseconds;
  readonly queued: number;
  readonly texts: number;
  readonly batches: number;
  /** Texts that were refused because the queue was full or too slow. */
  readonly refused: number;
  /** Time that the threads were at work on it. */
  readonly busyMs: Milliseconds;
}
