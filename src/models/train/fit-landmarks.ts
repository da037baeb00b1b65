import type { Random } from '#contract/random.js';
import { type LandmarkWeights, landmarkLayer, nearness } from '#models/heads/landmark-layer.js';
import { largestOf, toWeights } from '#models/heads/linear-layer.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import { fitKernelRidge } from './kernel-ridge.js';
import { pairProducts, product } from './pair-products.js';

/** Landmarks in all: each costs time with every text, and of more little is gained. */
const MOST = 4096;
/** Numbers of all of them together: what a head's file may have. */
const MOST_NUMBERS = 8 * 1024 ** 2;
/** Rounds of the search for what stands for a label's examples. */
const ROUNDS = 6;
/** What errors are weighed against: larger is smoother. From .05 to .2 makes no difference that counts. */
const RIDGE = 0.1;
/** Keeps the equations solvable where landmarks coincide. */
const LEAST = 1e-4;
/** Scores of ridge regression lie about 0 and 1; so many times as much, they can be weighed beside logits. */
const SCALE = 10;

export interface LandmarkExamples {
  /** Of length 1 each. */
  readonly vectors: readonly Float32Array[];
  /** Places of the labels. */
  readonly labels: readonly number[];
  /** How much each counts. */
  readonly weights: readonly number[];
  /** How many labels there are. */
  readonly classes: number;
}

/**
 * Ridge regression of the labels, one against the rest, on nearness to landmarks: with `A` the examples' nearness and `K` the landmarks' own, the `w` of
 * `(AᵀA + RIDGE · K) w = Aᵀ y` (Williams and Seeger, 2001; Rudi et al., 2015). Where all examples are landmarks, it is kernel ridge regression itself.
 * Time is that of examples · landmarks² / 2 multiplications.
 */
export function fitLandmarks(examples: LandmarkExamples, random: Random, most = MOST): LandmarkWeights {
  const { vectors, labels, weights, classes } = examples;
  const width = vectors[0]?.length ?? 0;
  const room = Math.max(1, Math.floor(Math.min(most, MOST_NUMBERS / width) / classes));
  const chosen = Array.from({ length: classes }, (_, label) =>
    middlesOf(
      vectors.filter((_, at) => labels[at] === label),
      room,
      random,
    ),
  ).flat();
  const rows = new Float32Array(chosen.length * width);
  for (const [at, vector] of chosen.entries()) rows.set(vector, at * width);
  const { rows: packed, scales } = toWeights(rows, new Float32Array(chosen.length), 1);
  const landmarks = { rows: packed, scales };
  const layer = landmarkLayer(landmarks, width);
  const root = weights.map(Math.sqrt);
  const columns = chosen.map(() => new Float32Array(vectors.length));
  for (const [at, vector] of vectors.entries()) {
    for (const [j, value] of nearness(layer, vector).entries()) columns[j]![at] = value * root[at]!;
  }
  const size = chosen.length;
  const among = chosen.map(vector => nearness(layer, vector));
  const equations = pairProducts(columns);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      equations[i * size + j]! += (RIDGE * (among[i]![j]! + among[j]![i]!)) / 2;
      equations[j * size + i] = equations[i * size + j]!;
    }
  }
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = Array.from(
    { length: classes },
    (_, label) => labels.reduce((sum, own, at) => sum + (own === label ? weights[at]! : 0), 0) / all,
  );
  const targets = shares.map((share, label) => {
    const wanted = Float32Array.from(labels, (own, at) => root[at]! * ((own === label ? 1 : 0) - share));
    return Float64Array.from(columns, column => product(column, wanted));
  });
  const solved = fitKernelRidge({ size, values: equations }, [...chosen.keys()], LEAST, targets);
  const byLandmark = Float32Array.from({ length: size * classes }, (_, at) => {
    return SCALE * solved[at % classes]![Math.floor(at / classes)]!;
  });
  const { rows: kept, scales: steps } = toWeights(byLandmark, new Float32Array(size), 1);
  const bias = shares.map(share => Number((SCALE * share).toPrecision(6)));
  return { landmarks, rows: kept, scales: steps, bias, temperature: 1 };
}

/** What stands for vectors of one label: themselves where there are few, else the middles of groups of them (spherical k-means, Dhillon and Modha, 2001). */
function middlesOf(vectors: readonly Float32Array[], count: number, random: Random): readonly Float32Array[] {
  if (vectors.length <= count) return vectors;
  const order = [...vectors];
  let middles = Array.from({ length: count }, (_, at) => {
    const other = at + random.below(order.length - at);
    [order[at], order[other]] = [order[other]!, order[at]!];
    return order[at]!;
  });
  for (let round = 0; round < ROUNDS; round++) {
    const sums = middles.map(middle => new Float32Array(middle.length));
    for (const vector of vectors) {
      const sum = sums[largestOf(middles.map(middle => dot(middle, vector)))]!;
      for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]!;
    }
    for (const sum of sums) normalise(sum);
    // A group that nobody is in any more has no middle.
    middles = sums.filter(sum => sum.some(value => value !== 0));
  }
  return middles;
}
