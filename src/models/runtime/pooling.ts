import { WeirError } from '#contract/errors.js';
import type { Pooling, Reading } from './messages.js';
import type { BatchOutput } from './onnx-session.js';

/**
 * One vector a text out of a batch's output, each of length 1; scores stay as they are.
 *
 * @param lengths tokens of each text, without padding.
 * @param dimension leading numbers that are kept.
 */
export function pooled(
  output: BatchOutput,
  lengths: readonly number[],
  pooling: Reading,
  dimension: number,
): Float32Array<ArrayBuffer> {
  const { values, shape } = output;
  const [texts = 0, second = 0, third] = shape;
  const width = third ?? second;
  const vectors = new Float32Array(texts * dimension);
  for (let text = 0; text < texts; text++) {
    const into = vectors.subarray(text * dimension, (text + 1) * dimension);
    if (third === undefined) into.set(values.subarray(text * width, text * width + dimension));
    else
      poolTokens(
        values,
        text * second * width,
        lengths[text] ?? second,
        width,
        pooling === 'scores' ? 'first' : pooling,
        into,
      );
    if (pooling !== 'scores') normalise(into);
  }
  return vectors;
}

function poolTokens(
  values: Float32Array,
  start: number,
  length: number,
  width: number,
  pooling: Pooling,
  into: Float32Array,
): void {
  if (pooling === 'first' || pooling === 'last') {
    const at = start + (pooling === 'first' ? 0 : (length - 1) * width);
    into.set(values.subarray(at, at + into.length));
    return;
  }
  for (let token = 0; token < length; token++) {
    const at = start + token * width;
    for (let i = 0; i < into.length; i++) into[i]! += values[at + i]!;
  }
}

/**
 * Scales a vector to length 1; one without a direction stays as it is.
 *
 * @throws WeirError `model.failed` where one of its numbers is none, or too large for 32 bits: nothing could be compared with it.
 */
export function normalise(vector: Float32Array): void {
  let square = 0;
  for (const value of vector) square += value * value;
  if (square === 0) return;
  if (!Number.isFinite(square))
    throw new WeirError('model.failed', 'The model gave a vector with something in it that is no number');
  const factor = 1 / Math.sqrt(square);
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor;
}

/** The inner product: of two vectors of length 1 the cosine of the angle between them. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
