import type { WeirError } from '#contract/errors.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Milliseconds, Tokens } from '#contract/units.js';

/** One request of a trace: when it came, how long it was, and which prompts it shares a beginning with. Never its text. */
export interface TraceRequest {
  /** Since the beginning of the trace. */
  readonly arrivalMs: Milliseconds;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly prefix: PromptPrefix;
  /** Conversation, where the trace names it. */
  readonly session?: string;
}

export interface Trace {
  readonly format: string;
  /** In order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Rows that could not be read and are left out. */
  readonly refused: number;
  /** Why, for the first of them. */
  readonly problems: readonly WeirError[];
}
