import type { DecisionRecord } from '#contract/record.js';
import type { Exposition } from '#telemetry/exposition.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { SeenLengths } from './scaling/replica-adviser.js';
import type { Standing } from './standing.js';

/** Which records somebody watches; all that is given must hold. */
export interface TailConditions {
  readonly decision?: string | undefined;
  readonly model?: string | undefined;
  readonly status?: string | undefined;
  readonly session?: string | undefined;
}

/** What is told of records as they come: some of them, and how many were left out. */
export interface TailSink {
  record(record: DecisionRecord): void;
  skipped(count: number): void;
}

/** What is told of requests that engines answered, and how many were left out. */
export interface TapSink {
  request(request: TraceRequest): void;
  skipped(count: number): void;
}

/**
 * The processes that answer on one port, this one included, where there are several: whichever of them is asked, the answer is that
 * of all.
 */
export interface Peers {
  /** The metrics of all. */
  metrics(): Promise<Exposition>;
  /** Resolves when every record, stored response and settlement of any of them so far can be read by all. */
  settle(): Promise<void>;
  /** How each of them stands. */
  standings(): Promise<readonly Standing[]>;
  /** Lengths of requests that each of them answered of late: of each pool at most so many together. */
  lengths(most: number): Promise<readonly SeenLengths[]>;
  /** Takes a replica out in all of them, or puts it back. */
  drain(replica: string, out: boolean): Promise<void>;
  /** Tells of records of all of them, within bounds. @returns how to stop. */
  tail(conditions: TailConditions, sink: TailSink): () => void;
  /** Tells of the answered requests of all of them, as rows of a trace under one key. @returns how to stop. */
  tap(sink: TapSink): () => void;
}
