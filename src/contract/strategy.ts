import type { WeirError } from './errors.js';
import type { Candidate } from './route.js';

/** What happened to the attempt that a strategy last asked for. */
export type StrategyEvent =
  | { readonly kind: 'start' }
  /** The attempt gave a whole answer, or its first byte has gone to the client, after which there is no way back. */
  | { readonly kind: 'answered' }
  /** The attempt failed before its first byte, on every replica that placement would try. */
  | {
      readonly kind: 'failed';
      readonly error: WeirError;
      /** Whether another model could do better: false for what is wrong with the request itself. */
      readonly retryable: boolean;
    };

/** What to do next. */
export type StrategyAction =
  | { readonly kind: 'attempt'; readonly candidate: Candidate }
  | { readonly kind: 'answer' }
  | { readonly kind: 'refuse'; readonly error: WeirError };

/**
 * How a request is answered from a ranking of models: a pure machine, driven over HTTP by the gateway and in virtual time by the
 * twin. State is a value: the same state and event always give the same step.
 */
export interface Strategy<State = unknown> {
  readonly name: string;
  start(candidates: readonly Candidate[]): State;
  step(state: State, event: StrategyEvent): { readonly state: State; readonly action: StrategyAction };
}
