import { z } from 'zod';
import type { AnswerGuardMaker } from '#contract/answer-guard.js';
import { compression, duration, share, tokens } from '#contract/schema.js';
import { cascadeOf } from './cascade.js';
import { confidenceJudge } from './judges/confidence.js';
import { formJudge } from './judges/form.js';
import { refusalJudge } from './judges/refusal.js';
import { validJudge } from './judges/valid.js';
import type { StrategyType } from './strategy-type.js';

const judges = z.strictObject({
  form: z
    .union([share, z.literal(false)])
    .default(0.5)
    .describe('Least share of different runs of four words; an empty answer has none. `false`: not judged.'),
  refusal: z.boolean().default(true).describe('An answer that begins by declining does not pass.'),
  valid: z.boolean().default(true).describe('JSON that was asked for, and arguments of tools, must be JSON.'),
  confidence: share
    .optional()
    .describe(
      'Least geometric mean of the probabilities of its tokens, where the engine tells them; not judged unless said.',
    ),
});

const schema = z.strictObject({
  judges: judges.prefault({}).describe('What an answer must pass.'),
  ttft: duration
    .prefault('10s')
    .describe('Time from arrival by which the answer is to begin for the client, all stages included.'),
  grace: duration.prefault('1s').describe('How much later an answer may still begin that was predicted to be in time.'),
  stages: z.int().min(2).max(8).default(3).describe('Most models whose answers are waited for.'),
  tokens: tokens.prefault('1M').describe('Most tokens of all stages together, prompts included.'),
  to: z
    .enum(['next', 'best'])
    .default('next')
    .describe(
      'Where an answer that does not pass leads: to the next model that is in time, or to the last one that is.',
    ),
  compress: compression.describe(
    'A model that is not predicted in time with the whole prompt is asked with one shorter by this factor where it is then; sentences that say least of what is asked are left out. 1: never.',
  ),
  escalate: z
    .enum(['in_time', 'always'])
    .default('in_time')
    .describe(
      '`in_time`: only to a model that is predicted to begin in time. `always`: however long it takes; then `ttft` is not looked at.',
    ),
});

type Options = z.output<typeof schema>;

/** Cheap models first, dearer ones for answers that do not pass. */
export const cascade: StrategyType<Options> = {
  type: 'cascade',
  summary: 'The next model when one fails or its answer, which is held back for that, does not pass its judges.',
  schema,
  build: ({ ttft, grace, ...terms }) => cascadeOf({ ...terms, ttftMs: ttft, graceMs: grace }),
  judges({ judges: asked }, request): readonly AnswerGuardMaker[] {
    return [
      ...(asked.form === false ? [] : [formJudge(asked.form)]),
      ...(asked.refusal ? [refusalJudge] : []),
      ...(asked.valid ? [validJudge(request.sampling.structured)] : []),
      ...(asked.confidence === undefined ? [] : [confidenceJudge(asked.confidence)]),
    ];
  },
};
