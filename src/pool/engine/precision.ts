import { WeirError } from '#contract/errors.js';
import type { Gpu } from './hardware.js';

/** What the weights of a model's layers are stored and multiplied as, in the words of vLLM's documentation. */
export const WEIGHT_PRECISIONS = ['bf16', 'fp16', 'fp8', 'int8', 'int4', 'nvfp4'] as const;
export type WeightPrecision = (typeof WEIGHT_PRECISIONS)[number];

/** What keys and values are stored as: vLLM's `--kv-cache-dtype`. */
export const KV_PRECISIONS = ['bf16', 'fp16', 'fp8'] as const;
export type KvPrecision = (typeof KV_PRECISIONS)[number];

/** Bytes of a number at 16 bits: activations, the input embedding and the output head, whatever the layers are. */
export const FULL_BYTES = 2;

/**
 * Bytes of one weight of the layers, scales included where they count:
 *
 * - `fp8`, `int8`: one scale for each channel, or for 128 × 128 weights: under a thousandth.
 * - `int4`: a group of 128 has a scale of 16 bits and a zero point of 4 (AWQ's and GPTQ's default): (4 + 20/128) / 8.
 * - `nvfp4`: a block of 16 has a scale of 8 bits (NVIDIA Model Optimizer): (4 + 8/16) / 8.
 */
const WEIGHT_BYTES: Readonly<Record<WeightPrecision, number>> = {
  ...{ bf16: FULL_BYTES, fp16: FULL_BYTES },
  ...{ fp8: 1, int8: 1 },
  int4: (4 + 20 / 128) / 8,
  nvfp4: (4 + 8 / 16) / 8,
};

const KV_BYTES: Readonly<Record<KvPrecision, number>> = { bf16: FULL_BYTES, fp16: FULL_BYTES, fp8: 1 };

export function weightBytes(precision: WeightPrecision): number {
  return WEIGHT_BYTES[precision];
}

/** Bytes of a number in the KV cache; its scales are one for each layer. */
export function kvBytes(precision: KvPrecision): number {
  return KV_BYTES[precision];
}

/**
 * Peak operations a second that a GPU multiplies such weights at. What its tensor cores do not do natively vLLM's Marlin kernels widen to 16 bits
 * (`fp8` before Ada, `nvfp4` before Blackwell), as they always do `int4`: fewer bytes, no faster arithmetic.
 *
 * @throws WeirError `config.range` for 8-bit integers where no kernel is: vLLM has them from Turing to Hopper.
 */
export function peakFlops(gpu: Gpu, precision: WeightPrecision): number {
  switch (precision) {
    case 'fp8':
      return gpu.flops8 > 0 ? gpu.flops8 : gpu.flops16;
    case 'nvfp4':
      return gpu.flops4 > 0 ? gpu.flops4 : gpu.flops16;
    case 'int8':
      if (gpu.intOps8 > 0) return gpu.intOps8;
      throw new WeirError('config.range', `Engines have no int8 kernels for ${gpu.name}.`, {
        ...{ path: 'weights', hint: gpu.flops8 > 0 ? 'fp8' : 'int4' },
      });
    default:
      return gpu.flops16;
  }
}
