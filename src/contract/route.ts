import type { Joules, Milliseconds, Tokens } from './units.js';

/** A model in the running, in the order in which it would be tried. */
export interface Candidate {
  readonly model: string;
  /** The selector's own measure, higher is better; comparable only within one ranking. */
  readonly score: number;
  /** The chance that this model was put first, over the selector's own randomness: what off-policy estimates divide by. */
  readonly propensity: number;
  /** Why it stands where it stands, in words: `cheapest that fits`, `context of 8192 is too short`. */
  readonly reason: string;
  /** False for a model that was considered and ruled out. */
  readonly eligible: boolean;
}

/** What a decision asks to be done to the request before it goes to a model. Absent means: leave as it came. */
export interface RouteParameters {
  readonly systemPrompt?: { readonly mode: 'prepend' | 'append' | 'replace'; readonly text: string };
  readonly reasoningEffort?: string;
  readonly maxOutputTokens?: Tokens;
  readonly temperature?: number;
  /** Headers for the engine, beside the ones Weir sets. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What energy a request may take at most: by expectation, before it is placed. */
export interface EnergyLimit {
  readonly maxJoules?: Joules;
  /** Output tokens for each joule, prefill included. */
  readonly minTokensPerJoule?: number;
}

/** Hard limits the router puts on placement. */
export interface PlacementConstraints {
  /** Only these pools; absent means any pool that serves the model. */
  readonly pools?: readonly string[];
  /** Replicas that break it are left out, unless all do: then the one that takes least is taken. */
  readonly energy?: EnergyLimit;
}

/** How a decision was reached, for people: which part of the policy matched, on which signals. */
export interface DecisionReason {
  /** One line, fit for a header: `legal and hard: keyword "indemnity"; complexity 0.42`. */
  readonly summary: string;
  /** Decisions that were looked at before this one and why each did not match, highest rank first. Bounded. */
  readonly passed: readonly { readonly decision: string; readonly why: string }[];
}

/** What one stage did: a line of the decision record. */
export interface StageNote {
  readonly stage: string;
  readonly ms: Milliseconds;
  /** What it did, in words; absent when it let the request pass unchanged. */
  readonly note?: string;
}

/** The router's answer to one request. */
export interface Route {
  /** Name of the decision; `direct` when the caller named a real model and no decision was made. */
  readonly decision: string;
  readonly reason: DecisionReason;
  /** Eligible models in the order to try them, then the ruled-out ones. */
  readonly candidates: readonly Candidate[];
  readonly selector: string;
  readonly strategy: string;
  readonly parameters: RouteParameters;
  readonly constraints: PlacementConstraints;
}
