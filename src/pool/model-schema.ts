import { z } from 'zod';
import { price, share, tokens } from '#contract/schema.js';
import { precisionSchema } from './precision-schema.js';

/** A model: what it costs, how much it takes and what it is for, wherever it runs. */
export const modelSchema = z.strictObject({
  price: z
    .strictObject({
      prompt: price.prefault(0).describe('USD per 1M prompt tokens.'),
      completion: price.prefault(0).describe('USD per 1M completion tokens.'),
      cached: price
        .optional()
        .describe('USD per 1M prompt tokens found in the prefix cache; the prompt price unless said.'),
    })
    .prefault({})
    .describe('What tokens of this model cost.'),
  context: tokens
    .refine(count => count >= 1, { message: 'expected at least 1 token' })
    .prefault('128k')
    .describe('Context window: longest prompt and answer together. A pool may state its own.'),
  ...precisionSchema,
  kind: z
    .enum(['chat', 'embedding'])
    .default('chat')
    .describe('What the model is for: `embedding` models answer /v1/embeddings and nothing else.'),
  quality: share.optional().describe('How good its answers are, 0 to 1, where selection weighs quality.'),
  description: z
    .string()
    .max(2000)
    .optional()
    .describe('What the model is good at, for people and for lists of models.'),
});

export type ModelConfig = z.output<typeof modelSchema>;
