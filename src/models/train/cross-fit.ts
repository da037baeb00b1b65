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
  readonly folds: Folds;
}

export const FOLDS = 5;

/** How texts are dealt out to folds. */
export interface Folds {
  readonly of: Int32Array;
  /** For each text the folds, a bit each, in which something stands that is nearly the same as it or as another text of its key. */
  readonly near: Uint8Array;
}

/**
 * Deals texts out to folds; those of one key, such as a text and pieces of it, to one. Near-duplicates are those whose vectors' cosine is above
 * `above`. Time is the square of the number of texts.
 */
export function foldsOf(
  keys: readonly string[],
  vectors: readonly Float32Array[],
  above: number,
  random: Random,
): Folds {
  const foldOfKey = new Map<string, number>();
  for (const key of keys) if (!foldOfKey.has(key)) foldOfKey.set(key, random.below(FOLDS));
  const of = Int32Array.from(keys, key => foldOfKey.get(key)!);
  const nearKey = new Map<string, number>();
  const note = (at: number, other: number): void => {
    const key = keys[at]!;
    nearKey.set(key, (nearKey.get(key) ?? 0) | (1 << of[other]!));
  };
  for (let i = 0; i < vectors.length; i++) {
    for (let j = 0; j < i; j++) {
      if (dot(vectors[i]!, vectors[j]!) <= above) continue;
      note(i, j);
      note(j, i);
    }
  }
  return { of, near: Uint8Array.from(keys, key => nearKey.get(key) ?? 0) };
}

/** One row of weights for two classes, one for each of several against the rest. */
export function fitRows(rows: readonly CrossRow[], options: Omit<CrossFitOptions, 'folds'>): readonly Logistic[] {
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
  const { of, near } = options.folds;
  const scores: Float32Array[] = rows.map(() => new Float32Array(0));
  let removed = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const inside = [...rows.keys()].filter(at => of[at] !== fold);
    const train = inside.filter(at => (near[at]! & (1 << fold)) === 0);
    removed += inside.length - train.length;
    const fitted = fitRows(
      train.map(at => rows[at]!),
      options,
    );
    for (const [at, row] of rows.entries()) if (of[at] === fold) scores[at] = scoresOf(fitted, row.vector);
  }
  return { scores, removed };
}
