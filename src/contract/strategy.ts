import type { WeirError } from './errors.js';
import type { Candidate } from './route.js';
import type { Milliseconds, Tokens } from './units.js';

/** What another model could still do for a request whose answer is held back, as things stand; times from now. */
export interface Outlook {
  readonly model: string;
  /** Whether any replica could take the request. */
  readonly feasible: boolean;
  /** Predicted time to its first token, waiting included; absent while nothing is known. */
  readonly ttftMs?: Milliseconds;
  /** Predicted time to the last token of an answer of median length; absent while nothing is known. */
  readonly wholeMs?: Milliseconds;
  /** Prompt and median answer. */
  readonly tokens: Tokens;
  /** The same with sentences of the prompt left out; absent where the strategy does not ask for that, or it cannot be done. */
  readonly compressed?: Pick<Outlook, 'ttftMs' | 'wholeMs' | 'tokens'>;
}

/** What happened to the attempt that a strategy last asked for. */
export type StrategyEvent =
  | { readonly kind: 'start' }
  /** The attempt gave a whole answer, or its first byte has gone to the client, after which there is no way back. */
  | { readonly kind: 'answered' }
  /** A whole answer is held back and has been judged. */
  | {
      readonly kind: 'judged';
      readonly accepted: boolean;
      /** Time since the request arrived. */
      readonly atMs: Milliseconds;
      /** Tokens that all attempts so far took. */
      readonly tokens: Tokens;
      /** Whether the client reads token by token: then an answer that is not held back begins with its first token. */
      readonly streamed: boolean;
      /** Of the candidates that are eligible. */
      readonly outlook: readonly Outlook[];
    }
  /** The attempt had not begun to answer the client by the time it was given, and was broken off. */
  | { readonly kind: 'late' }
  /** The attempt failed before its first byte, on every replica that placement would try. */
  | {
      readonly kind: 'failed';
      readonly error: WeirError;
      /** Whether another model could do better: false for what is wrong with the request itself. */
      readonly retryable: boolean;
    };

/** Why an answer that was held back goes out after all; all but `accepted` with doubts. */
export type DeliveryReason = 'accepted' | 'no_time' | 'tokens' | 'no_replica' | 'failed' | 'late';

/** What to do next. */
export type StrategyAction =
  | {
      readonly kind: 'attempt';
      readonly candidate: Candidate;
      /** Hold the answer back and judge it. Where answers cannot be held they go out, and the event is `answered`. */
      readonly hold?: boolean;
      /** Break it off at this time since the arrival, unless the client's answer has begun. */
      readonly byMs?: Milliseconds;
      /** Ask with sentences of the prompt left out, as {@link Outlook.compressed} has it. */
      readonly compressed?: true;
      /** Why another model is asked although there is an answer. */
      readonly why?: string;
    }
  /** Send the answer that was held back last. */
  | { readonly kind: 'deliver'; readonly reason: DeliveryReason; readonly why?: string }
  | { readonly kind: 'answer' }
  | { readonly kind: 'refuse'; readonly error: WeirError };

/**
 * How a request is answered from a ranking of models: a pure machine, driven over HTTP by the gateway and in virtual time by the
 * twin. State is a value: the same state and event always give the same step.
 */
export interface Strategy<State = unknown> {
  readonly name: string;
  /** By what factor a prompt may be made shorter for it; above 1, and absent where it may not. */
  readonly gamma?: number;
  start(candidates: readonly Candidate[]): State;
  step(state: State, event: StrategyEvent): { readonly state: State; readonly action: StrategyAction };
}
