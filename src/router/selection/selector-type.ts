import type { z } from 'zod';
import type { ErrorCode } from '#contract/errors.js';
import type { Selector } from '#contract/selection.js';
import type { ModelFacts } from '#router/model-facts.js';
import type { ProblemPath } from '#router/problem.js';

/** A problem of a selector's options for the models of its decision; `path` is below the options. */
export interface SelectorProblem {
  readonly code: ErrorCode;
  readonly path: ProblemPath;
  readonly message: string;
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** Facts of the models by name. */
export type Facts = ReadonlyMap<string, ModelFacts>;

/** A way of choosing among models: what `select: cheapest` in the configuration stands for. */
export interface SelectorType<Options = unknown> {
  readonly type: string;
  /** One line for the reference. */
  readonly summary: string;
  /** Options; every one has a default, so that the bare name is enough. */
  readonly schema: z.ZodType<Options>;
  check?(options: Options, models: readonly string[]): readonly SelectorProblem[];
  build(options: Options, facts: Facts): Selector;
}
