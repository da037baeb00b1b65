import type { Joules, Milliseconds, Tokens, Usd } from './units.js';

/** Token counts as the engine reported them. */
export interface Usage {
  readonly promptTokens: Tokens;
  readonly completionTokens: Tokens;
  /** Of the prompt tokens, those found in the prefix cache. */
  readonly cachedTokens: Tokens;
}

/** `answered`: a whole answer. `cut`: an answer that ended in an error after its first byte. `cancelled`: the client left. */
export const OUTCOME_STATUSES = ['answered', 'failed', 'cut', 'cancelled', 'refused'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/** What became of the prompt of an attempt whose prompt was to be computed elsewhere. */
export interface PrefillOutcome {
  readonly pool: string;
  readonly replica: string;
  /** `used`: the answer began from its KV. `failed`: there was none. `lost`: it was there and did not reach the replica that answers. */
  readonly status: 'used' | 'failed' | 'lost' | 'cancelled';
  /** Code from the error catalogue, when it was of no use. */
  readonly error?: string;
  readonly durationMs: Milliseconds;
}

/** What became of an answer that was held back. `kept`: it went out in spite of doubts. */
export type JudgedEnd = 'accepted' | 'escalated' | 'kept';

/** An answer that was held back, and what was found. */
export interface Judged {
  readonly end: JudgedEnd;
  /** Doubts, and why another model was asked or was not: holds no text of the answer. */
  readonly why: string;
}

/** One try at one replica. */
export interface AttemptOutcome {
  readonly model: string;
  readonly pool: string;
  readonly replica: string;
  readonly status: OutcomeStatus;
  /** HTTP status of the engine's answer; 0 when there was none. */
  readonly httpStatus: number;
  /** Code from the error catalogue, when it did not answer. */
  readonly error?: string;
  readonly ttftMs?: Milliseconds;
  readonly durationMs: Milliseconds;
  /** Only where the prompt was to be computed on another replica. Without `used`, this one computed it after all. */
  readonly prefill?: PrefillOutcome;
  /** Only where the answer was held back and judged. */
  readonly judged?: Judged;
  /** What an answer took that did not go to the client, another model's taking its place: it counts beside the outcome's own usage. */
  readonly usage?: Usage;
  /** What it cost; part of the outcome's cost. */
  readonly costUsd?: Usd;
}

/** How a request ended: the only thing that learning sees. */
export interface Outcome {
  readonly status: OutcomeStatus;
  readonly model: string;
  readonly pool: string;
  readonly replica: string;
  readonly httpStatus: number;
  readonly error?: string;
  readonly finish?: string;
  readonly usage?: Usage;
  /** What budgets were charged where the engine reported no usage, as for a stream that was cancelled: an estimate. */
  readonly unreported?: Usage;
  /** Arrival to first byte of the answer, at the gateway. */
  readonly ttftMs?: Milliseconds;
  /** Mean time per output token after the first. */
  readonly tpotMs?: Milliseconds;
  /** Arrival to last byte. */
  readonly e2eMs: Milliseconds;
  readonly queuedMs: Milliseconds;
  /** All attempts together. */
  readonly costUsd?: Usd;
  readonly joules?: Joules;
}
