import { z } from 'zod';
import { duration, share } from '#contract/schema.js';

/** `retention:` of a pool. */
export const retentionSchema = z.strictObject({
  via: z
    .literal('vllm')
    .default('vllm')
    .describe(
      'How engines are told: `vllm`: `retention_directives` and `retention_scope` in the body, as vLLM pull request 38514 proposes. Engines that do not know them ignore or refuse them.',
    ),
  share: share
    .default(0.5)
    .describe(
      "Largest share of a replica's KV memory that may be asked to be kept at once; the rest is its own to manage.",
    ),
  least: share.default(0.5).describe('Least chance of the conversation to go on in time for which its KV is kept.'),
  longest: duration
    .refine(ms => ms >= 1000 && ms <= 3_600_000, { message: 'expected at least 1s and at most 1h' })
    .prefault('2m')
    .describe('Longest time for which KV is kept; who comes back later has not come back.'),
});

export type RetentionSettings = z.output<typeof retentionSchema>;
