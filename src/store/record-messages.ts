import type { RecordFilter } from '#contract/stores.js';
import type { RecordBatch } from './record-batch.js';
import type { RecordBounds } from './record-database.js';

/** What the thread of the record is started with. */
export interface RecordThreadData extends RecordBounds {
  readonly path: string;
  /** Counters, by {@link DONE} …: how far the thread has come, told without messages. They wrap around: only differences count. */
  readonly progress: Int32Array;
}

/** Records taken from batches and written or lost. */
export const DONE = 0;
/** Bytes of those records. */
export const DONE_BYTES = 1;
/** Records that could not be written. */
export const LOST = 2;

export type RecordCall =
  | { readonly kind: 'find'; readonly id: string }
  | { readonly kind: 'list'; readonly filter: RecordFilter }
  | { readonly kind: 'count'; readonly filter: RecordFilter }
  /** Everything sent before is written and the bounds hold. */
  | { readonly kind: 'flush' }
  | { readonly kind: 'close' };

export type ToThread = RecordBatch | { readonly call: number; readonly ask: RecordCall };

/** An error as it crosses threads. */
export interface Trouble {
  readonly message: string;
  readonly path?: string;
  readonly hint?: string;
}

export type FromThread =
  | { readonly kind: 'open' }
  | { readonly kind: 'unopened'; readonly trouble: Trouble }
  | { readonly kind: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly call: number; readonly trouble: Trouble }
  | { readonly kind: 'trouble'; readonly trouble: Trouble };
