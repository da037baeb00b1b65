import { ByteRows, stepped } from '#models/kernels/byte-rows.js';
import { LinearLayer, type LinearWeights } from './linear-layer.js';

/** A few texts that stand for all that a head was trained on, as a file holds them, and what nearness to each says of the labels. */
export interface LandmarkWeights extends LinearWeights {
  /** The landmarks' vectors, one a row. */
  readonly landmarks: Pick<LinearWeights, 'rows' | 'scales'>;
}

/** How fast nearness falls with the angle: `exp(SHARPNESS · (cosine − 1))`; from 2 to 4 makes no difference that counts. */
const SHARPNESS = 3;

/**
 * Scores that are linear in how near a vector is to each landmark: kernel ridge regression in Nyström's approximation (Williams and Seeger, 2001).
 * It may curve where {@link LinearLayer} is straight. Its weights have one row a *landmark* and one number a label, for the scales of 8 bits lose
 * least that way. Takes landmarks · (numbers + labels) multiplications.
 */
export class LandmarkLayer {
  readonly labels: number;
  private readonly landmarks: LinearLayer;
  /** One row a label here: so a label's score is one product. */
  private readonly rows: ByteRows;

  /** @throws RangeError when the parts are not of one size. */
  constructor(
    private readonly parts: LandmarkWeights,
    readonly width: number,
  ) {
    this.labels = parts.bias.length;
    this.landmarks = landmarkLayer(parts.landmarks, width);
    const bytes = Buffer.from(parts.rows, 'base64');
    const landmarks = this.landmarks.labels;
    if (bytes.length !== this.labels * landmarks || parts.scales.length !== landmarks) {
      throw new RangeError(`${bytes.length} weights are not ${landmarks} rows of ${this.labels}`);
    }
    this.rows = new ByteRows(turned(bytes, landmarks, this.labels), this.labels, landmarks);
  }

  /** @param vector of length 1. */
  logits(vector: Float32Array): Float32Array {
    const { rows, parts } = this;
    const near = nearness(this.landmarks, vector);
    for (let at = 0; at < near.length; at++) near[at]! *= parts.scales[at]!;
    const { numbers, step } = stepped(near);
    return Float32Array.from(rows.products(numbers), (product, label) => product * step + parts.bias[label]!);
  }
}

/** Rows as columns. */
function turned(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  const columnwise = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) columnwise[(at % columns) * rows + Math.floor(at / columns)] = bytes[at]!;
  return columnwise;
}

/** The landmarks as a layer whose outputs are cosines with them. */
export function landmarkLayer(landmarks: LandmarkWeights['landmarks'], width: number): LinearLayer {
  return new LinearLayer({ ...landmarks, bias: landmarks.scales.map(() => 0), temperature: 1 }, width);
}

/** How near a vector of length 1 is to each landmark, 1 at most. */
export function nearness(landmarks: LinearLayer, vector: Float32Array): Float32Array {
  const near = landmarks.logits(vector);
  for (let at = 0; at < near.length; at++) near[at] = Math.exp(SHARPNESS * (near[at]! - 1));
  return near;
}
