import type { Bytes, Milliseconds } from './units.js';

/** How urgent a request is. Who is `low` may be shed when places run out; none of them waits for ever. */
export type Priority = 'high' | 'normal' | 'low';

/** What flow control needs to know of a request: whose it is, how urgent, and what it takes to keep it waiting. */
export interface FlowFacts {
  /** Among whom places are shared out evenly: the caller's team, user or key. Empty for callers that nobody knows. */
  readonly tenant: string;
  readonly priority: Priority;
  /** When its first token is due, by the pool's clock: among requests of one tenant the earliest goes first. */
  readonly dueAt: Milliseconds;
  /** Memory that it holds while it waits. */
  readonly bytes: Bytes;
}
