/** Examples that a vector is compared with, as a file holds them. */
export interface KernelWeights {
  /** What the likeness of two vectors is raised to. */
  readonly degree: number;
  /** 8-bit numbers of the examples' vectors, one example after the other, in base64. */
  readonly examples: string;
  /** What one step of these is worth. */
  readonly step: number;
  /** What each example says for each label, 8-bit numbers, in base64; one scale a label. */
  readonly says: string;
  readonly scales: readonly number[];
}

/** How like two vectors of length 1 are, from their product: `((1 + u·v) / 2)^degree`, a polynomial kernel (Schölkopf and Smola, 2002, §2.3). */
export function likeness(product: number, degree: number): number {
  return ((1 + product) / 2) ** degree;
}

/** Scores by how like a vector is to the examples of training: what each of them says, weighed by its likeness. */
export class KernelLayer {
  private readonly examples: Int8Array;
  private readonly says: Int8Array;
  private readonly degree: number;
  private readonly step: number;
  private readonly scales: readonly number[];

  /** @param width numbers of a vector, even. @throws RangeError when the parts are not of one size. */
  constructor(
    { examples, says, degree, step, scales }: KernelWeights,
    private readonly width: number,
  ) {
    this.examples = bytesOf(examples);
    this.says = bytesOf(says);
    [this.degree, this.step, this.scales] = [degree, step, scales];
    if (width % 2 !== 0 || this.says.length * width !== this.examples.length * scales.length) {
      throw new RangeError(`${this.says.length} numbers are not ${scales.length} for each example of ${width}`);
    }
  }

  /** One score a label. */
  scores(vector: Float32Array): Float32Array {
    const { examples, says, width, degree, step, scales } = this;
    const labels = scales.length;
    const sums = new Float32Array(labels);
    for (let start = 0, at = 0; start < examples.length; start += width, at += labels) {
      // Two sums side by side: a processor adds to one while it waits for the other.
      let [even, odd] = [0, 0];
      for (let i = 0; i < width; i += 2) {
        even += examples[start + i]! * vector[i]!;
        odd += examples[start + i + 1]! * vector[i + 1]!;
      }
      const near = likeness(step * (even + odd), degree);
      for (let label = 0; label < labels; label++) sums[label]! += near * says[at + label]!;
    }
    return sums.map((sum, label) => sum * scales[label]!);
  }
}

function bytesOf(base64: string): Int8Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Rounds vectors, and what each says for each label, to 8 bits. */
export function toKernel(
  degree: number,
  vectors: readonly Float32Array[],
  says: readonly Float64Array[],
): KernelWeights {
  const largest = vectors.reduce((most, vector) => vector.reduce((m, v) => Math.max(m, Math.abs(v)), most), 1e-12);
  const step = Number((largest / 127).toPrecision(6));
  const examples = new Int8Array(vectors.length * (vectors[0]?.length ?? 0));
  for (const [at, vector] of vectors.entries()) {
    for (let i = 0; i < vector.length; i++) examples[at * vector.length + i] = Math.round(vector[i]! / step);
  }
  const scales = says.map(of => Number((of.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-12) / 127).toPrecision(6)));
  const rounded = new Int8Array(vectors.length * says.length);
  for (const [label, of] of says.entries()) {
    for (const [at, value] of of.entries()) rounded[at * says.length + label] = Math.round(value / scales[label]!);
  }
  const base64 = (bytes: Int8Array): string => Buffer.from(bytes.buffer).toString('base64');
  return { degree, examples: base64(examples), step, says: base64(rounded), scales };
}
