import type { WeirError } from '#contract/errors.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { SignalValue } from '#contract/signal.js';
import type { Milliseconds, Tokens } from '#contract/units.js';

/** One request of a trace: when it came, how long it was, and which prompts it shares a beginning with. Never its text. */
export interface TraceRequest {
  /** Since the beginning of the trace; 0 for every request of a trace that is not {@link Trace.timed}. */
  readonly arrivalMs: Milliseconds;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly prefix: PromptPrefix;
  /** Conversation, where the trace names it. */
  readonly session?: string;
  /** Model that answered, where the trace names it. */
  readonly model?: string;
  /** What the router's signals were for it, by their names, where they were recorded. */
  readonly signals?: ReadonlyMap<string, SignalValue>;
}

/** Rows that were left out for one and the same reason. */
export interface Refusal {
  readonly reason: string;
  readonly rows: number;
  /** Of the first of them. */
  readonly line: number;
}

export interface Trace {
  readonly format: string;
  /** In order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Whether the rows say when the requests came. Where they do not, an arrival process has to be drawn: none is made up here. */
  readonly timed: boolean;
  /** Wall time of arrival 0 in ms since the Unix epoch, where the trace has it. */
  readonly startedAt?: Milliseconds;
  /** Requests whose token counts were estimated from their text. */
  readonly estimated: number;
  /** Rows that could not be read and are left out. */
  readonly refused: number;
  /** All of those by reason, the most frequent first. */
  readonly refusals: readonly Refusal[];
  /** What is wrong in the first of them, with line and field. */
  readonly problems: readonly WeirError[];
}

/** The prefix of a prompt of which only the length is known. */
export const NO_PREFIX: PromptPrefix = Object.freeze({
  hashes: Object.freeze([]) as readonly number[],
  blockTokens: 16,
});
