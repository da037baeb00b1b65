import type { EmittedFleet } from './fleet.js';

type Precisions = Pick<EmittedFleet, 'model' | 'weights' | 'kvCache'>;

/**
 * What vLLM is told of the precision of weights and KV. It quantises a checkpoint of 16 bits to FP8 itself as it loads it; for other formats it reads
 * them from a checkpoint that was quantised before ({@link checkpointNote}), as it does where the model is published so.
 */
export function precisionArgs({ model, weights, kvCache }: Precisions): readonly string[] {
  return [
    `--dtype=${weights === 'fp16' ? 'float16' : 'bfloat16'}`,
    ...(weights === 'fp8' && model.weights !== 'fp8' ? ['--quantization=fp8'] : []),
    ...(kvCache === 'fp8' ? ['--kv-cache-dtype=fp8'] : []),
  ];
}

/** A line for the head of a manifest where the checkpoint has to be another than the model's own; empty elsewhere. */
export function checkpointNote({ model, weights }: Precisions): string {
  const own = weights === (model.weights ?? 'bf16') || weights === 'bf16' || weights === 'fp16' || weights === 'fp8';
  return own ? '' : `# --model: put a checkpoint of ${model.hub} in its place whose weights are ${weights}.\n`;
}
