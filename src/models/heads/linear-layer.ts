import { ByteRows, stepped } from '#models/kernels/byte-rows.js';

/** Weights of a linear classifier as a file holds them: each row 8-bit integers and one scale, which costs no accuracy that counts. */
export interface LinearWeights {
  /** Rows, one a label, in base64. */
  readonly rows: string;
  readonly scales: readonly number[];
  readonly bias: readonly number[];
  /** What logits are divided by for the probabilities to be calibrated (Guo et al., 2017, section 4.2). */
  readonly temperature: number;
}

/** A softmax over linear scores: `p = softmax((W · x + b) / T)`. */
export class LinearLayer {
  readonly labels: number;
  private readonly weights: ByteRows;

  /** @throws RangeError when the parts are not of one size. */
  constructor(
    private readonly parts: LinearWeights,
    readonly width: number,
  ) {
    this.labels = parts.bias.length;
    const bytes = Buffer.from(parts.rows, 'base64');
    if (bytes.length !== this.labels * width || parts.scales.length !== this.labels) {
      throw new RangeError(`${bytes.length} weights are not ${this.labels} rows of ${width}`);
    }
    this.weights = new ByteRows(bytes, this.labels, width);
  }

  /** @param vector as long as a row. */
  logits(vector: Float32Array): Float32Array {
    const { scales, bias } = this.parts;
    const { numbers, step } = stepped(vector);
    const products = this.weights.products(numbers);
    const logits = new Float32Array(this.labels);
    for (let label = 0; label < logits.length; label++) {
      logits[label] = products[label]! * step * scales[label]! + bias[label]!;
    }
    return logits;
  }

  probabilities(vector: Float32Array): Float32Array {
    return softmax(this.logits(vector), this.parts.temperature);
  }
}

/** In place. */
export function softmax(logits: Float32Array, temperature: number): Float32Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const e = Math.exp((logits[i]! - largest) / temperature);
    logits[i] = e;
    sum += e;
  }
  for (let i = 0; i < logits.length; i++) logits[i]! /= sum;
  return logits;
}

/** The place of the largest number; −1 for none. */
export function largestOf(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i]! > values[best]!) best = i;
  return best;
}

/** Rounds rows of floats to what {@link LinearWeights} holds. */
export function toWeights(rows: Float32Array, bias: Float32Array, temperature: number): LinearWeights {
  const labels = bias.length;
  const width = rows.length / labels;
  const scales: number[] = [];
  const bytes = new Int8Array(rows.length);
  for (let label = 0; label < labels; label++) {
    const row = rows.subarray(label * width, (label + 1) * width);
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12) / 127;
    scales.push(Number(scale.toPrecision(6)));
    for (let i = 0; i < width; i++) bytes[label * width + i] = Math.round(row[i]! / scale);
  }
  return {
    rows: Buffer.from(bytes.buffer).toString('base64'),
    scales,
    bias: Array.from(bias, value => Number(value.toPrecision(6))),
    temperature: Number(temperature.toPrecision(4)),
  };
}
