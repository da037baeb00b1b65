import { Option } from 'commander';
import { KV_PRECISIONS, WEIGHT_PRECISIONS } from '#pool/engine/precision.js';

/** `--weights`: what the weights of a modelled engine are. */
export function weightsOption(): Option {
  return new Option(
    '--weights <precision>',
    'what the weights are (default: what the model is published in, nearly always bf16)',
  ).choices(WEIGHT_PRECISIONS);
}

/** `--kv-cache`: what the KV cache of a modelled engine is. */
export function kvCacheOption(): Option {
  return new Option('--kv-cache <precision>', 'what the KV cache is (default: 16 bits)').choices(KV_PRECISIONS);
}
