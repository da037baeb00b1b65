import type { z } from 'zod';
import type { Clock } from '#contract/clock.js';
import type { ErrorCode } from '#contract/errors.js';
import type { LearnedModels } from '#contract/learned.js';
import type { PersonalDataFinder } from '#contract/personal-data.js';
import type { PoolView } from '#contract/pool-view.js';
import type { SignalCost, SignalEvaluator } from '#contract/signal.js';
import type { ProblemPath } from '#router/problem.js';

/** A problem of a signal's options that their schema cannot see; `path` is below the options. */
export interface OptionProblem {
  readonly code: ErrorCode;
  readonly path: ProblemPath;
  readonly message: string;
  readonly hint?: string;
  readonly offset?: number;
  /** The name that nothing has, with the names there are: what a near-name suggestion is made from. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** What signals are given beside their options and the request. */
export interface SignalPorts {
  readonly clock: Clock;
  /** The small local models. */
  readonly learned: LearnedModels;
  /** The state of the pools; unknown where nobody can tell. */
  readonly pool?: Pick<PoolView, 'read'>;
  /** Finds personal data; absent where none is to be looked for. */
  readonly personal?: PersonalDataFinder;
}

/** An evaluator with something to fetch before it is at its fastest, such as a model to load. */
export interface PreparedEvaluator extends SignalEvaluator {
  /** Loads what it needs. Never rejects: what could not be loaded shows as *unknown* in the values, with the reason. */
  prepare?(): Promise<void>;
}

/** A kind of signal: what `{ keyword: … }` in the configuration stands for. */
export interface SignalType<Options = unknown> {
  readonly type: string;
  /** One line for the reference. */
  readonly summary: string;
  /** What `>` and `<` in a policy compare. */
  readonly scoreMeaning: string;
  /** What `==` in a policy compares; absent when the signal names nothing. */
  readonly labelMeaning?: string;
  /** All labels there are, when they are a closed set. */
  readonly labels?: readonly string[];
  readonly cost: SignalCost;
  readonly schema: z.ZodType<Options>;
  check?(options: Options): readonly OptionProblem[];
  /**
   * Compiles the options. Loads nothing and computes nothing of a request.
   *
   * @throws WeirError when `check` would have found a problem.
   */
  build(name: string, options: Options, ports: SignalPorts): PreparedEvaluator;
}
