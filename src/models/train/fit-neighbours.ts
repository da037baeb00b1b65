import type { Random } from '#contract/random.js';
import { LinearLayer, largestOf, toWeights } from '#models/heads/linear-layer.js';
import { compressed, type NeighbourWeights, stepped } from '#models/heads/neighbour-layer.js';
import { dot, normalise } from '#models/runtime/pooling.js';

/** Axes that are kept: of all-MiniLM-L6-v2's 384 numbers these carry what tells questions apart. */
const AXES = 64;
/** Most examples that are kept, and that the axes are found on; more are drawn from. */
const [MOST_EXAMPLES, MOST_FOR_AXES] = [32_768, 2048];
/** Rounds of the search for axes, and for cells, after which they hardly change. */
const ROUNDS = 12;
/** Up to so many examples there is one cell: all are looked at. */
const FEW = 512;

/**
 * Compresses the examples that a head is trained on for its {@link NeighbourWeights}: their products with the principal axes (without a
 * mean: cosines are what is kept), found by orthogonal iteration (Golub and Van Loan, section 8.2), in 8 bits, grouped into cells.
 *
 * @param vectors of length 1 each. @param labels places of their labels. Time is that of 2,048 · numbers² multiplications, and of examples · numbers · 64.
 */
export function fitNeighbours(
  vectors: readonly Float32Array[],
  labels: readonly number[],
  random: Random,
): Omit<NeighbourWeights, 'weight'> {
  const kept = drawn(vectors.length, MOST_EXAMPLES, random);
  const width = vectors[0]?.length ?? 0;
  const found = principalAxes(
    drawn(vectors.length, MOST_FOR_AXES, random).map(at => vectors[at]!),
    Math.min(AXES, width),
    random,
  );
  const { rows: axes, scales } = toWeights(joined(found, width), new Float32Array(found.length), 1);
  const layer = new LinearLayer({ rows: axes, scales, bias: found.map(() => 0), temperature: 1 }, width);
  const short = kept.map(at => compressed(layer, vectors[at]!));
  const { cellOf, middles } = cells(short, random);
  const order = Array.from(kept.keys()).sort((a, b) => cellOf[a]! - cellOf[b]!);
  const largest = short.reduce((most, one) => one.reduce((m, value) => Math.max(m, Math.abs(value)), most), 1e-12);
  const step = Number((largest / 127).toPrecision(6));
  const toRows = (all: readonly Float32Array[]): string =>
    Buffer.from(stepped(joined(all, found.length), step).buffer).toString('base64');
  const places = Buffer.alloc(2 * kept.length);
  for (const [at, from] of order.entries()) places.writeUInt16LE(labels[kept[from]!]!, 2 * at);
  const ends = middles.map((_, cell) => order.filter(at => cellOf[at]! <= cell).length);
  return {
    axes: { rows: axes, scales },
    rows: toRows(order.map(at => short[at]!)),
    step,
    cells: { middles: toRows(middles), ends },
    labels: places.toString('base64'),
  };
}

/** Groups vectors of length 1 by the angle (spherical k-means, Dhillon and Modha, 2001), into as many cells as the root of their number. */
function cells(
  vectors: readonly Float32Array[],
  random: Random,
): { readonly cellOf: Int32Array; readonly middles: readonly Float32Array[] } {
  const count = vectors.length <= FEW ? 1 : Math.round(Math.sqrt(vectors.length));
  let middles = drawn(vectors.length, count, random).map(at => vectors[at]!);
  const cellOf = new Int32Array(vectors.length);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = middles.map(middle => new Float32Array(middle.length));
    for (const [at, vector] of vectors.entries()) {
      const cell = largestOf(middles.map(middle => dot(middle, vector)));
      cellOf[at] = cell;
      const sum = sums[cell]!;
      for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
    }
    for (const sum of sums) normalise(sum);
    middles = sums;
  }
  return { cellOf, middles };
}

function principalAxes(vectors: readonly Float32Array[], count: number, random: Random): Float32Array[] {
  const width = vectors[0]?.length ?? 0;
  const moments = Array.from({ length: width }, () => new Float32Array(width));
  for (const vector of vectors) {
    for (const [i, row] of moments.entries()) for (let j = 0; j < width; j++) row[j]! += vector[i]! * vector[j]!;
  }
  let axes = Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random.next() - 0.5));
  for (let round = 0; round < ROUNDS; round++) {
    axes = axes.map(axis => Float32Array.from(moments, row => dot(row, axis)));
    makeOrthonormal(axes);
  }
  return axes;
}

/** Gram and Schmidt's way, in place and in order, so that the first axis stays that of the most. */
function makeOrthonormal(axes: readonly Float32Array[]): void {
  for (const [at, axis] of axes.entries()) {
    for (let before = 0; before < at; before++) {
      const share = dot(axis, axes[before]!);
      for (let i = 0; i < axis.length; i++) axis[i]! -= share * axes[before]![i]!;
    }
    normalise(axis);
  }
}

function drawn(count: number, most: number, random: Random): number[] {
  const places = Array.from({ length: count }, (_, at) => at);
  if (count <= most) return places;
  for (let at = 0; at < most; at++) {
    const other = at + random.below(count - at);
    [places[at], places[other]] = [places[other]!, places[at]!];
  }
  return places.slice(0, most).sort((a, b) => a - b);
}

function joined(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) all.set(row, at * width);
  return all;
}
