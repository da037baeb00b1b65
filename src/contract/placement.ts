import type { FlowFacts } from './flow.js';
import type { PromptPrefix } from './profile.js';
import type { PlacementConstraints } from './route.js';
import type { Milliseconds, Tokens } from './units.js';

/** What placement needs to know of a request: nothing of its meaning. */
export interface PlacementRequest {
  readonly model: string;
  readonly promptTokens: Tokens;
  /** The answer's expected length: what load accounting reserves. */
  readonly outputTokens: Tokens;
  readonly prefix: PromptPrefix;
  readonly session: string;
  readonly constraints: PlacementConstraints;
  /** Replicas that this request has already failed on. */
  readonly exclude: readonly string[];
  /** Whose it is and how urgent; without it, it waits among all of whom nothing is known. */
  readonly flow?: FlowFacts | undefined;
}

/** Where an attempt runs. */
export interface Placement {
  readonly pool: string;
  readonly replica: string;
  /** Prompt tokens the replica is expected to hold in its prefix cache. */
  readonly expectedPrefixTokens: Tokens;
  readonly score: number;
  /** The best of the losers, at most eight, best first. */
  readonly losers: readonly ReplicaScore[];
  /** How many replicas were considered in all. */
  readonly considered: number;
  /** How long the request waited for a place. */
  readonly queuedMs: Milliseconds;
  /** Where its prompt is computed; absent where the pool has no prefill pool. */
  readonly prefill?: PrefillPlacement;
}

/** Whether a prompt is computed on a replica of another pool before the answer is, and what speaks for it. */
export interface PrefillPlacement {
  readonly pool: string;
  /** Absent when the replica that answers computes the prompt itself. */
  readonly replica?: string;
  readonly reason: string;
  /** Prompt tokens that the replica which answers is not expected to hold: what would have to be transferred. */
  readonly uncachedTokens: Tokens;
  /** Prompt tokens that the prefill replica is expected to hold in its own cache. */
  readonly expectedPrefixTokens: Tokens;
  /** Predicted time to first token, computed here and there, and of the latter the transfer; absent where hardware is not described. */
  readonly hereMs?: Milliseconds;
  readonly thereMs?: Milliseconds;
  readonly transferMs?: Milliseconds;
  /** What requests being answered here would lose in all while the prompt is computed. */
  readonly stallMs?: Milliseconds;
}

export interface ReplicaScore {
  readonly replica: string;
  readonly score: number;
  /** What a filter held against it; absent for one that was only outscored. */
  readonly filtered?: string;
}
