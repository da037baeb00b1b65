import { WeirError } from '#contract/errors.js';

/** A tensor whose numbers are `quantized × scale + min` (affine, one scale for the whole tensor). */
export interface QuantizedTensor {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
  readonly scale: number;
  readonly min: number;
}

/** The weights by their path in the TensorFlow graph: those of the encoder below `bert/`, the embedding tables by their whole name. */
export type MiniLmWeights = ReadonlyMap<string, QuantizedTensor>;

interface Manifest {
  readonly weightsManifest: readonly { readonly weights: readonly ManifestEntry[] }[];
}

interface ManifestEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale: number; readonly min: number };
}

const ROOT = 'StatefulPartitionedCall/model/tf_bert_model/bert/';

/**
 * Reads the weights out of a TensorFlow.js graph model with weights quantized to 8 bits.
 *
 * @param shard all weights, in the order of the manifest.
 * @throws WeirError `model.unavailable` when it is no such model.
 */
export function readWeights(manifest: string, shard: Uint8Array): MiniLmWeights {
  const { weightsManifest } = JSON.parse(manifest) as Manifest;
  const weights = new Map<string, QuantizedTensor>();
  let at = 0;
  for (const { name, shape, quantization } of weightsManifest[0]?.weights ?? []) {
    const length = shape.reduce((product, size) => product * size, 1);
    const bytes = length * (quantization === undefined ? 4 : 1);
    if (quantization !== undefined) {
      const { scale, min } = quantization;
      weights.set(name.startsWith(ROOT) ? name.slice(ROOT.length) : name, {
        shape,
        values: shard.subarray(at, at + length),
        scale,
        min,
      });
    }
    at += bytes;
  }
  if (at !== shard.length)
    throw new WeirError('model.unavailable', 'The weights are not as long as their manifest says');
  return weights;
}

export function dequantized({ values, scale, min }: QuantizedTensor): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = values[i]! * scale + min;
  return floats;
}

/** The quantized number that stands for 0. */
export function zeroPoint({ scale, min }: QuantizedTensor): number {
  return Math.round(-min / scale);
}

/** A tensor by its path. @throws WeirError `model.unavailable`. */
export function tensorOf(weights: MiniLmWeights, name: string): QuantizedTensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new WeirError('model.unavailable', `The model has no weights ${name}`);
  return tensor;
}

/** The first table of so many rows and columns. @throws WeirError `model.unavailable`. */
export function tableOf(weights: MiniLmWeights, rows: number, columns: number): QuantizedTensor {
  for (const tensor of weights.values()) {
    if (tensor.shape.length === 2 && tensor.shape[0] === rows && tensor.shape[1] === columns) return tensor;
  }
  throw new WeirError('model.unavailable', `The model has no table of ${rows} × ${columns}`);
}
