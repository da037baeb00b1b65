import type { DecisionRecord } from './record.js';
import type { Milliseconds } from './units.js';

/** Which records to list, newest first. All conditions must hold. */
export interface RecordFilter {
  readonly decision?: string;
  readonly model?: string;
  readonly status?: string;
  readonly session?: string;
  /** Only records that arrived at or after this wall time. */
  readonly since?: Milliseconds;
  /** Only records that arrived before this wall time: the cursor of a listing. */
  readonly before?: Milliseconds;
  /** At most this many; 100 unless said, never more than 1,000. */
  readonly limit?: number;
}

/**
 * Where decision records live. `append` never waits and never throws: records are batched off the hot path, and what cannot be
 * written is counted, not hidden.
 */
export interface RecordStore {
  append(record: DecisionRecord): void;
  find(id: string): Promise<DecisionRecord | undefined>;
  list(filter?: RecordFilter): Promise<readonly DecisionRecord[]>;
  count(filter?: RecordFilter): Promise<number>;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  /** Records that were lost because the store could not keep up or could not write. */
  readonly dropped: number;
  close(): Promise<void>;
}
