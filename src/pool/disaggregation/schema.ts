import { z } from 'zod';
import { duration, name, tokens } from '#contract/schema.js';

/** `prefill:` of a pool. */
export const prefillSchema = z.strictObject({
  pool: name.describe(
    'Pool whose replicas compute prompts for this one. It serves the same model and answers no requests itself.',
  ),
  link: z
    .number()
    .gt(0)
    .max(100_000)
    .default(25)
    .describe('Gigabytes of KV a second that one transfer moves from a prefill replica to one of this pool.'),
  latency: duration
    .refine(ms => ms <= 60_000, { message: 'expected at most 1m' })
    .prefault('5ms')
    .describe('What a transfer takes beside its bytes, the extra call included.'),
  least: tokens
    .prefault(256)
    .describe('Fewest uncached prompt tokens for which a prefill replica is asked, however fast it would be.'),
  via: z
    .enum(['vllm', 'llm_d'])
    .default('vllm')
    .describe(
      'How engines are told: `vllm`: Weir asks the prefill replica itself and hands its `kv_transfer_params` on; `llm_d`: the header `x-prefiller-host-port` tells the sidecar before the replica that answers.',
    ),
});

export type PrefillSettings = z.output<typeof prefillSchema>;
