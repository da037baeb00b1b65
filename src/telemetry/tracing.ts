import type { DecisionRecord } from '#contract/record.js';

/** The trace one request belongs to, from its arrival to its record. */
export interface RequestTrace {
  /** The W3C headers for one more attempt, which thereby becomes a span of its own. */
  attempt(): Readonly<Record<string, string>>;
  /** The request has ended: its spans are made from its record. */
  end(record: DecisionRecord): void;
}

/** Where traces go. Without one nothing is traced, and what a client sent of its own trace goes on to the engine as it came. */
export interface Tracer {
  /** @param headers of the request, names in lower case. */
  begin(headers: Readonly<Record<string, string>>): RequestTrace;
}
