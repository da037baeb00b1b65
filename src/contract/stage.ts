import type { AnswerGuardMaker, SentText, TextRewrite } from './answer-guard.js';
import type { Clock } from './clock.js';
import type { WeirError } from './errors.js';
import type { PoolView } from './pool-view.js';
import type { Random } from './random.js';
import type { Candidate, DecisionReason, PlacementConstraints, RouteParameters } from './route.js';
import type { SafetyNote } from './safety.js';
import type { Board } from './signal.js';

/** The route while stages are still at work on it. */
export interface RouteDraft {
  decision: string;
  reason: DecisionReason;
  /** Models the decision names, in its order, before selection. */
  models: readonly string[];
  candidates: readonly Candidate[];
  /** Models that were ruled out before selection, with the reason. */
  ruledOut?: readonly Candidate[] | undefined;
  selector: string;
  strategy: string;
  parameters: RouteParameters;
  constraints: PlacementConstraints;
  /** What answers pass on their way to the client, in this order. Absent means: answers pass byte for byte. */
  guards?: readonly AnswerGuardMaker[] | undefined;
  /** What safety rules found. */
  safety?: readonly SafetyNote[] | undefined;
  /** How texts are changed on their way to the engine. Absent means: they go as they came. */
  rewrite?: TextRewrite | undefined;
}

/** What a stage sees: the board and ports, never its neighbours. */
export interface StageContext {
  readonly board: Board;
  readonly pool: PoolView;
  readonly clock: Clock;
  readonly random: Random;
  readonly route: RouteDraft;
  /** Every text that goes on to an engine, no other than those that {@link RouteDraft.rewrite} is asked for. */
  sentTexts(): readonly SentText[];
}

export type StageResult =
  | { readonly kind: 'continue'; readonly note?: string }
  /** Ends the request with this text as the assistant's answer; with `otherwise`, if there is one, in an API whose answers are no words. */
  | { readonly kind: 'answer'; readonly text: string; readonly otherwise?: WeirError; readonly note?: string }
  | { readonly kind: 'refuse'; readonly error: WeirError; readonly note?: string };

/**
 * One step of a request's way through the house. The order of stages is a security property: compositions state it in one place.
 * A stage returns a promise only when it has to wait: the common path stays synchronous.
 */
export interface Stage {
  readonly name: string;
  run(context: StageContext): StageResult | Promise<StageResult>;
}

/** What a stage that has nothing to say returns. */
export const CONTINUE: StageResult = Object.freeze({ kind: 'continue' });
