import { LinearLayer, type LinearWeights } from './linear-layer.js';

/** Examples that a head was trained on, as a file holds them: what they mean in a few 8-bit numbers each, and their labels. */
export interface NeighbourWeights {
  /** Axes along which the examples differ most, the first most; a vector's numbers are its products with them. */
  readonly axes: Pick<LinearWeights, 'rows' | 'scales'>;
  /** Examples one after the other, as many numbers each as there are axes, in base64. */
  readonly rows: string;
  /** What one step of these numbers is worth, for vectors of length 1. */
  readonly step: number;
  /** Places of the examples' labels, 16 bits each, the lower byte first, in base64. */
  readonly labels: string;
  /** How much their word counts beside the linear scores. */
  readonly weight: number;
}

/** Nearest examples that have a say. */
const COUNT = 15;
/** How fast an example's say falls with its distance: `exp((cosine − 1) / SHARPNESS)`. */
const SHARPNESS = 0.05;
/** Share that a label without any example near has: what keeps logarithms finite. */
const FLOOR = 1e-3;
/** All examples are compared by their first numbers, and the most alike of them by all. */
const [FIRST, CANDIDATES] = [24, 200];

/**
 * Which labels the nearest examples have (k nearest neighbours, Cover and Hart, 1967, weighted by a kernel of their cosine): it knows what
 * is said in few words of its own, where a linear score knows what labels have in common.
 */
export class NeighbourLayer {
  private readonly axes: LinearLayer;
  private readonly rows: Int8Array;
  private readonly labelOf: Uint16Array;
  private readonly width: number;

  /** @param vectorWidth numbers of the vectors that are asked about. @throws RangeError when the parts are not of one size. */
  constructor(
    private readonly parts: NeighbourWeights,
    vectorWidth: number,
    private readonly labels: number,
  ) {
    this.width = parts.axes.scales.length;
    this.axes = new LinearLayer({ ...parts.axes, bias: parts.axes.scales.map(() => 0), temperature: 1 }, vectorWidth);
    this.rows = Int8Array.from(Buffer.from(parts.rows, 'base64'));
    const places = Buffer.from(parts.labels, 'base64');
    this.labelOf = Uint16Array.from({ length: places.length >> 1 }, (_, at) => places.readUInt16LE(2 * at));
    if (this.rows.length !== this.labelOf.length * this.width || this.labelOf.some(label => label >= labels)) {
      throw new RangeError(`${this.rows.length} numbers are not ${this.labelOf.length} examples of ${this.width}`);
    }
  }

  /** For each label `log(share of the nearest examples' say + 0.001)`. @param vector of length 1. */
  scores(vector: Float32Array): Float32Array {
    const { rows, width, labelOf, labels, parts } = this;
    const query = compressed(this.axes, vector);
    const best = new Largest(COUNT);
    for (const at of this.candidates(query)) {
      let product = 0;
      for (let i = 0, from = at * width; i < width; i++) product += rows[from + i]! * query[i]!;
      best.offer(product * parts.step, at);
    }
    const say = new Float32Array(labels);
    let all = 0;
    for (const [cosine, at] of best.entries()) {
      const one = Math.exp((cosine - 1) / SHARPNESS);
      say[labelOf[at]!]! += one;
      all += one;
    }
    return say.map(one => Math.log((all === 0 ? 0 : one / all) + FLOOR));
  }

  private candidates(query: Float32Array): Iterable<number> {
    const { rows, width, labelOf } = this;
    if (labelOf.length <= CANDIDATES) return labelOf.keys();
    const most = new Largest(CANDIDATES);
    const first = Math.min(FIRST, width);
    for (let at = 0, from = 0; at < labelOf.length; at++, from += width) {
      let product = 0;
      for (let i = 0; i < first; i++) product += rows[from + i]! * query[i]!;
      if (product > most.least) most.offer(product, at);
    }
    return most.places();
  }
}

/** A vector along the axes, of length 1 again. */
export function compressed(axes: LinearLayer, vector: Float32Array): Float32Array {
  const short = axes.logits(vector);
  let square = 0;
  for (const value of short) square += value * value;
  const length = Math.sqrt(square) || 1;
  return short.map(value => value / length);
}

/** The largest of what is offered: a heap whose root is the least that is kept. */
class Largest {
  private readonly values: Float64Array;
  private readonly of: Int32Array;
  private size = 0;

  constructor(private readonly room: number) {
    this.values = new Float64Array(room);
    this.of = new Int32Array(room);
  }

  /** What must be exceeded to be kept. */
  get least(): number {
    return this.size < this.room ? Number.NEGATIVE_INFINITY : this.values[0]!;
  }

  offer(value: number, place: number): void {
    if (this.size < this.room) this.rise(value, place);
    else if (value > this.values[0]!) this.sink(value, place);
  }

  places(): Int32Array {
    return this.of.subarray(0, this.size);
  }

  entries(): [number, number][] {
    return Array.from(this.places(), (place, at) => [this.values[at]!, place]);
  }

  private rise(value: number, place: number): void {
    let at = this.size++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.values[above]! <= value) break;
      this.put(at, this.values[above]!, this.of[above]!);
      at = above;
    }
    this.put(at, value, place);
  }

  private sink(value: number, place: number): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.size) break;
      if (below + 1 < this.size && this.values[below + 1]! < this.values[below]!) below++;
      if (this.values[below]! >= value) break;
      this.put(at, this.values[below]!, this.of[below]!);
      at = below;
    }
    this.put(at, value, place);
  }

  private put(at: number, value: number, place: number): void {
    this.values[at] = value;
    this.of[at] = place;
  }
}
