import { ByteRows } from '#models/kernels/byte-rows.js';
import { LinearLayer, type LinearWeights } from './linear-layer.js';

/** Examples that a head was trained on, as a file holds them: what they mean in a few 8-bit numbers each, and their labels. */
export interface NeighbourWeights {
  /** Axes along which the examples differ most, the first most; a vector's numbers are its products with them. */
  readonly axes: Pick<LinearWeights, 'rows' | 'scales'>;
  /** Examples one after the other, those that are alike together, as many numbers each as there are axes, in base64. */
  readonly rows: string;
  /** What one step of these numbers is worth, for vectors of length 1. */
  readonly step: number;
  /** Groups of examples that are alike: their middles, in numbers as of `rows`, and where each ends. */
  readonly cells: { readonly middles: string; readonly ends: readonly number[] };
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
/** Cells whose examples are looked at: those with the nearest middles. */
const LOOKED_AT = 12;

/**
 * Which labels the nearest examples have (k nearest neighbours, Cover and Hart, 1967, weighted by a kernel of their cosine): it knows what
 * is said in few words of its own, where a linear score knows what labels have in common. Looks only into the cells that are nearest (an inverted file,
 * Sivic and Zisserman, 2003), so it may miss one of the nearest at their edge.
 */
export class NeighbourLayer {
  private readonly axes: LinearLayer;
  private readonly rows: ByteRows;
  private readonly labelOf: Uint16Array;
  private readonly middles: ByteRows;

  /** @param vectorWidth numbers of the vectors that are asked about. @throws RangeError when the parts are not of one size. */
  constructor(
    private readonly parts: NeighbourWeights,
    vectorWidth: number,
    private readonly labels: number,
  ) {
    const width = parts.axes.scales.length;
    this.axes = new LinearLayer({ ...parts.axes, bias: parts.axes.scales.map(() => 0), temperature: 1 }, vectorWidth);
    const rows = Buffer.from(parts.rows, 'base64');
    const middles = Buffer.from(parts.cells.middles, 'base64');
    const places = Buffer.from(parts.labels, 'base64');
    this.labelOf = Uint16Array.from({ length: places.length >> 1 }, (_, at) => places.readUInt16LE(2 * at));
    if (rows.length !== this.labelOf.length * width || this.labelOf.some(label => label >= labels)) {
      throw new RangeError(`${rows.length} numbers are not ${this.labelOf.length} examples of ${width}`);
    }
    const { ends } = parts.cells;
    const rising = ends.every((end, cell) => end >= (ends[cell - 1] ?? 0));
    if (!rising || (ends.at(-1) ?? 0) !== this.labelOf.length || middles.length !== ends.length * width) {
      throw new RangeError(`${ends.length} cells do not hold ${this.labelOf.length} examples`);
    }
    this.rows = new ByteRows(rows, this.labelOf.length, width);
    this.middles = new ByteRows(middles, ends.length, width);
  }

  /** For each label `log(share of the nearest examples' say + 0.001)`. @param vector of length 1. */
  scores(vector: Float32Array): Float32Array {
    const { rows, labelOf, labels, parts } = this;
    const { ends } = parts.cells;
    const { step } = parts;
    const query = stepped(compressed(this.axes, vector), step);
    const near = new Largest(LOOKED_AT);
    near.offerAll(this.middles.products(query), 0);
    const best = new Largest(COUNT);
    for (const cell of near.places()) {
      const first = ends[cell - 1] ?? 0;
      best.offerAll(rows.products(query, first, ends[cell]!), first);
    }
    const say = new Float32Array(labels);
    let all = 0;
    for (const [product, at] of best.entries()) {
      const one = Math.exp((product * step * step - 1) / SHARPNESS);
      say[labelOf[at]!]! += one;
      all += one;
    }
    for (let i = 0; i < labels; i++) say[i] = Math.log((all === 0 ? 0 : say[i]! / all) + FLOOR);
    return say;
  }
}

/** A vector along the axes, of length 1 again. */
export function compressed(axes: LinearLayer, vector: Float32Array): Float32Array {
  const short = axes.logits(vector);
  let square = 0;
  for (let i = 0; i < short.length; i++) square += short[i]! * short[i]!;
  const length = Math.sqrt(square) || 1;
  for (let i = 0; i < short.length; i++) short[i]! /= length;
  return short;
}

/** Numbers in whole steps, as far as 8 bits go. */
export function stepped(values: ArrayLike<number>, step: number): Int8Array {
  const steps = new Int8Array(values.length);
  for (let i = 0; i < steps.length; i++) steps[i] = Math.max(-127, Math.min(127, Math.round(values[i]! / step)));
  return steps;
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

  /** Offers values whose places follow one another, `from` the first's. */
  offerAll(values: Int32Array, from: number): void {
    for (let at = 0; at < values.length; at++) {
      if (this.size < this.room) this.rise(values[at]!, from + at);
      else if (values[at]! > this.values[0]!) this.sink(values[at]!, from + at);
    }
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
