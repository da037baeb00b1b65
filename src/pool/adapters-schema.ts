import { z } from 'zod';
import { name } from '#contract/schema.js';

/** LoRA adapters that replicas serve beside their model. */
export const adaptersSchema = z.strictObject({
  models: z.array(name).min(1).max(256).describe('Models that are adapters; the replicas know them by these names.'),
  slots: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe('Adapters that a replica holds at once (vLLM: `max_loras`); the one longest unused makes room.'),
});

export type AdapterSettings = z.output<typeof adaptersSchema>;
