import type { Random } from '#contract/random.js';
import { dot } from '#models/runtime/pooling.js';
import { type SparseVector, sparseDot } from '#models/safety/sparse-vector.js';
import { fitLogistic, type Logistic } from './logistic-regression.js';

/** One text as a model sees it. */
export interface CrossRow {
  readonly vector: SparseVector;
  /** Place of its label: 0 or 1 where there is one row of weights. */
  readonly label: number;
  readonly weight: number;
}

export interface CrossFitOptions {
  /** Numbers of a vector. */
  readonly width: number;
  readonly classes: number;
  readonly strength: number;
  readonly random: Random;
  /** Fold of each text. */
  readonly folds: Int32Array;
  /** For each text the others that are nearly the same. */
  readonly same: readonly (readonly number[])[];
}

export const FOLDS = 5;

/** Deals texts out to folds. */
export function foldsOf(count: number, random: Random): Int32Array {
  return Int32Array.from({ length: count }, () => random.below(FOLDS));
}

/** For each vector the places of the others that are nearly the same: cosine above `above`. Time is the square of their number. */
export function nearlySame(vectors: readonly Float32Array[], above: number): number[][] {
  const same: number[][] = vectors.map(() => []);
  for (let i = 0; i < vectors.length; i++) {
    for (let j = 0; j < i; j++) {
      if (dot(vectors[i]!, vectors[j]!) <= above) continue;
      same[i]!.push(j);
      same[j]!.push(i);
    }
  }
  return same;
}

/** One row of weights for two classes, one for each of several against the rest. */
export function fitRows(
  rows: readonly CrossRow[],
  options: Omit<CrossFitOptions, 'folds' | 'same'>,
): readonly Logistic[] {
  const { width, classes, strength, random } = options;
  const vectors = rows.map(({ vector }) => vector);
  const weights = Float32Array.from(rows, ({ weight }) => weight);
  const wanted = classes === 2 ? [1] : Array.from({ length: classes }, (_, at) => at);
  return wanted.map(label => {
    const truths = rows.map(row => row.label === label);
    return fitLogistic(vectors, truths, { width, strength, weights, random: random.fork(`row ${label}`) });
  });
}

export function scoresOf(fitted: readonly Logistic[], vector: SparseVector): Float32Array {
  return Float32Array.from(fitted, ({ weights, bias }) => sparseDot(weights, vector) + bias);
}

/**
 * The scores of every text by a model that was trained on the other folds, and on nothing that is nearly the same as a text of its own.
 */
export function crossFit(
  rows: readonly CrossRow[],
  options: CrossFitOptions,
): { scores: Float32Array[]; removed: number } {
  const { folds, same } = options;
  const scores: Float32Array[] = rows.map(() => new Float32Array(0));
  let removed = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const inside = [...rows.keys()].filter(at => folds[at] !== fold);
    const train = inside.filter(at => !same[at]!.some(other => folds[other] === fold));
    removed += inside.length - train.length;
    const fitted = fitRows(
      train.map(at => rows[at]!),
      options,
    );
    for (const [at, row] of rows.entries()) if (folds[at] === fold) scores[at] = scoresOf(fitted, row.vector);
  }
  return { scores, removed };
}
