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
  private readonly weights: Int8Array;

  /** @throws RangeError when the parts are not of one size. */
  constructor(
    private readonly parts: LinearWeights,
    readonly width: number,
  ) {
    this.labels = parts.bias.length;
    const bytes = Buffer.from(parts.rows, 'base64');
    this.weights = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.weights.length !== this.labels * width || parts.scales.length !== this.labels) {
      throw new RangeError(`${this.weights.length} weights are not ${this.labels} rows of ${width}`);
    }
  }

  /** @param vector as long as a row. */
  logits(vector: Float32Array): Float32Array {
    const { weights, width, labels, parts } = this;
    const logits = new Float32Array(labels);
    const whole = width - (width % 4);
    for (let label = 0; label < labels; label++) {
      // Four sums, since a processor need not wait for one to add to another.
      let [a, b, c, d] = [0, 0, 0, 0];
      const row = label * width;
      for (let i = 0; i < whole; i += 4) {
        a += weights[row + i]! * vector[i]!;
        b += weights[row + i + 1]! * vector[i + 1]!;
        c += weights[row + i + 2]! * vector[i + 2]!;
        d += weights[row + i + 3]! * vector[i + 3]!;
      }
      for (let i = whole; i < width; i++) a += weights[row + i]! * vector[i]!;
      logits[label] = (a + b + c + d) * parts.scales[label]! + parts.bias[label]!;
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
