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
  /** The prompt's tokens as its engines count them, where somebody has asked; with them, what is told of caches is exact. */
  readonly tokens?: ArrayLike<number> | undefined;
  readonly session: string;
  /** What conversations this one is like, where somebody can tell: those of one kind are expected to pause and to go on alike. */
  readonly kind?: string | undefined;
  readonly constraints: PlacementConstraints;
  /** Replicas that this request has already failed on. */
  readonly exclude: readonly string[];
  /** Replicas that would take more energy than it may. */
  readonly dear?: readonly string[] | undefined;
  /** Whether its answer comes token by token, so that its first byte is its first token: taken so unless said. */
  readonly streamed?: boolean | undefined;
  /** Whose it is and how urgent; without it, it waits among all of whom nothing is known. */
  readonly flow?: FlowFacts | undefined;
}

/** Where an attempt runs. */
export interface Placement {
  readonly pool: string;
  readonly replica: string;
  /** Prompt tokens the replica is expected to hold in its prefix cache. */
  readonly expectedPrefixTokens: Tokens;
  /** The engine's own events say what it holds; absent where that is estimated from what was sent to it. */
  readonly prefixSource?: 'events';
  /** What of the expected prefix lies behind the GPUs' memory; absent where nothing is known to. */
  readonly prefixTiers?: PrefixTiers;
  readonly score: number;
  /** The best of the losers, at most eight, best first. */
  readonly losers: readonly ReplicaScore[];
  /** What the scores are made of; absent where one thing alone was weighed, or there was no choice. */
  readonly parts?: ScoreParts;
  /** Who is believed to have most of the prompt, where it could not be chosen. */
  readonly prefixLeftOut?: PrefixLeftOut;
  /** How many replicas were considered in all. */
  readonly considered: number;
  /** How long the request waited for a place. */
  readonly queuedMs: Milliseconds;
  /** What the replica is asked to keep of its KV until the conversation goes on; absent where nothing is asked. */
  readonly retention?: RetentionDirective;
  /** Where its prompt is computed; absent where the pool has no prefill pool. */
  readonly prefill?: PrefillPlacement;
}

/** What of a prefix has to be read from behind the GPUs, by its engine's own events; the rest of it is in their memory. */
export interface PrefixTiers {
  /** Prompt tokens in the memory of the replica's host. */
  readonly host: Tokens;
  /** In storage behind that. */
  readonly disk: Tokens;
  /** What the read takes, beside computing the rest; absent where the pool's file does not describe hardware and `host_memory`. */
  readonly readMs?: Milliseconds;
  /** What computing those tokens would take instead, on a replica with nothing else to do; absent where hardware is not described. */
  readonly computeMs?: Milliseconds;
}

/** A replica that has more of a prompt than all that could be chosen. */
export interface PrefixLeftOut {
  readonly replica: string;
  /** Prompt tokens that it is believed to hold. */
  readonly tokens: Tokens;
  /** What a filter held against it. */
  readonly filtered: string;
}

/** The KV of a request is worth keeping beyond its end, more than that of others. */
export interface RetentionDirective {
  /** From the start of the prompt. */
  readonly tokens: Tokens;
  /** 0 to 100: what is kept at a lower one goes first. */
  readonly priority: number;
  /** From when it is in the cache; after that it is as all other. */
  readonly durationMs: Milliseconds;
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

/** Scores by what was weighed. A replica's score is the sum of its parts, each times the weight of what it is of. */
export interface ScoreParts {
  /** What told the replicas apart, and how much of the score it was: weights add up to 1. */
  readonly scorers: readonly { readonly name: string; readonly weight: number }[];
  /** Of the replica chosen, in the order of the scorers, each from 0 to 1, to three digits. */
  readonly chosen: readonly number[];
  /** Of the losers that were scored, in their order. */
  readonly losers: readonly (readonly number[])[];
}

export interface ReplicaScore {
  readonly replica: string;
  readonly score: number;
  /** What a filter held against it; absent for one that was only outscored. */
  readonly filtered?: string;
}
