import { z } from 'zod';
import { KV_PRECISIONS, WEIGHT_PRECISIONS } from './engine/precision.js';

/** `weights:` and `kv_cache:` of a model or a pool: what engines are told by vLLM's `--quantization` and `--kv-cache-dtype`. */
export const precisionSchema = {
  weights: z
    .enum(WEIGHT_PRECISIONS)
    .optional()
    .describe(
      'What the weights are stored and multiplied as, for predictions of latency, memory and energy; what the model is published in unless said, which is nearly always bf16.',
    ),
  kv_cache: z
    .enum(KV_PRECISIONS)
    .optional()
    .describe('What the KV cache is stored as, for the same; 16 bits unless said. With `fp8` twice as much fits.'),
};

interface Precision {
  readonly weights?: z.output<typeof precisionSchema.weights>;
  readonly kv_cache?: z.output<typeof precisionSchema.kv_cache>;
}

/** A pool block in which the pools that run engines say their precision and the models no longer do: each thing is said once. */
export function withPrecisions<
  Block extends {
    readonly models: Readonly<Record<string, Precision>>;
    readonly pools: Readonly<
      Record<string, Precision & { readonly model: string; readonly cloud?: unknown; readonly gguf?: unknown }>
    >;
  },
>(block: Block): Block {
  const pools = Object.entries(block.pools).map(([name, pool]) => {
    const model = Object.hasOwn(block.models, pool.model) ? block.models[pool.model] : undefined;
    const weights = pool.weights ?? model?.weights;
    const kv = pool.kv_cache ?? model?.kv_cache;
    if (pool.cloud !== undefined || pool.gguf !== undefined || (weights ?? kv) === undefined) return [name, pool];
    return [name, { ...pool, ...(weights && { weights }), ...(kv && { kv_cache: kv }) }];
  });
  const models = Object.entries(block.models).map(([name, { weights: _, kv_cache: __, ...model }]) => [name, model]);
  return { ...block, models: Object.fromEntries(models), pools: Object.fromEntries(pools) };
}
