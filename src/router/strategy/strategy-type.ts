import type { z } from 'zod';
import type { AnswerGuardMaker } from '#contract/answer-guard.js';
import type { InferenceRequest } from '#contract/request.js';
import type { Strategy } from '#contract/strategy.js';

/** A way of working through a ranking: what `strategy: fallback` in the configuration stands for. */
export interface StrategyType<Options = unknown> {
  readonly type: string;
  /** One line for the reference. */
  readonly summary: string;
  /** Options; every one has a default, so that the bare name is enough. */
  readonly schema: z.ZodType<Options>;
  build(options: Options): Strategy;
  /** What judges the answers that it holds back. Absent where it holds none back. */
  judges?(options: Options, request: InferenceRequest): readonly AnswerGuardMaker[];
}
