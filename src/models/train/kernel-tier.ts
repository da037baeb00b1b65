import { dot } from '#models/runtime/pooling.js';
import { type KernelWeights, likeness, toKernel } from '#models/safety/kernel-layer.js';
import type { SparseVector } from '#models/safety/sparse-vector.js';
import { FOLDS, type Folds } from './cross-fit.js';
import { fitKernelRidge, productsOf, type Square } from './kernel-ridge.js';

/** Texts as a tier sees them: n-grams of length √2, and where there are any, vectors of length 1. */
export interface KernelExamples {
  readonly grams: readonly SparseVector[];
  readonly vectors?: readonly Float32Array[];
  readonly labels: readonly number[];
  /** How many labels there are. */
  readonly classes: number;
}

/** What is chosen among: the ridge, and the degree of the kernel of vectors. */
export interface KernelChoices {
  readonly ridges: readonly number[];
  readonly degrees: readonly number[];
}

export interface KernelSetting {
  readonly ridge: number;
  readonly degree: number;
}

/** How the tier judges every text by models that did not see it, and what is shipped, which saw all. */
export interface KernelTier {
  readonly scores: readonly Float32Array[];
  /** Rows over n-grams, one a label. */
  readonly rows: readonly Float32Array[];
  readonly bias: readonly number[];
  readonly kernel?: KernelWeights;
  readonly removed: number;
  readonly chosen: KernelSetting;
}

/**
 * Kernel ridge regression of the labels, one against the rest, on the sum of two kernels: half the product of n-grams, and the likeness of vectors.
 * Cross-fitted in the given folds: a text is judged by a model that saw neither it nor its near-duplicates, with ridge and degree chosen by the accuracy
 * of a second cross-fitting within the folds that the model was trained on. What is shipped has them chosen over all folds.
 */
export function kernelTier(
  examples: KernelExamples,
  choices: KernelChoices,
  buckets: number,
  folds: Folds,
  progress: (message: string) => void = () => {},
): KernelTier {
  const { grams, vectors, labels, classes } = examples;
  const settings = (vectors === undefined ? [0] : choices.degrees).flatMap(degree =>
    choices.ridges.map((ridge): KernelSetting => ({ ridge, degree })),
  );
  const byGrams = gramKernel(grams, buckets);
  const byVectors =
    vectors === undefined ? undefined : productsOf(grams.length, (i, j) => dot(vectors[i]!, vectors[j]!));
  const kernels = new Map(settings.map(({ degree }) => [degree, summed(byGrams, byVectors, degree)]));
  const everyFold = Array.from({ length: FOLDS }, (_, fold) => fold);
  const judge = ({ ridge, degree }: KernelSetting, held: readonly number[], judged: readonly number[]) => {
    const kernel = kernels.get(degree)!;
    const train = [...labels.keys()].filter(at => isFree(folds, at, held));
    const model = learned(kernel, train, ridge, labels, classes);
    return judged.map(at => scoresOf(kernel, train, model, at));
  };
  const inFold = (fold: number) => [...labels.keys()].filter(at => folds.of[at] === fold);
  const right = (setting: KernelSetting, fold: number, alsoHeld: readonly number[]): number => {
    const judged = inFold(fold);
    const scores = judge(setting, [fold, ...alsoHeld], judged);
    return scores.filter((one, i) => largest(one) === labels[judged[i]!]).length;
  };
  const best = (over: readonly number[], alsoHeld: readonly number[]): KernelSetting => {
    const counts = settings.map(setting => over.reduce((sum, fold) => sum + right(setting, fold, alsoHeld), 0));
    return settings[counts.indexOf(Math.max(...counts))]!;
  };
  const scores: Float32Array[] = labels.map(() => new Float32Array(0));
  let removed = 0;
  for (const fold of everyFold) {
    const setting = best(
      everyFold.filter(other => other !== fold),
      [fold],
    );
    progress(`fold ${fold}: ridge ${setting.ridge}, degree ${setting.degree}`);
    const judged = inFold(fold);
    for (const [i, one] of judge(setting, [fold], judged).entries()) scores[judged[i]!] = one;
    removed += [...labels.keys()].filter(at => folds.of[at] !== fold && !isFree(folds, at, [fold])).length;
  }
  const chosen = best(everyFold, []);
  progress(`all: ridge ${chosen.ridge}, degree ${chosen.degree}`);
  const { alphas, bias } = learned(kernels.get(chosen.degree)!, [...labels.keys()], chosen.ridge, labels, classes);
  const rows = alphas.map(alpha => {
    const row = new Float32Array(buckets);
    for (const [i, { at, values }] of grams.entries())
      for (let k = 0; k < at.length; k++) row[at[k]!]! += 0.5 * alpha[i]! * values[k]!;
    return row;
  });
  const kernel = vectors === undefined ? undefined : toKernel(chosen.degree, vectors, alphas);
  return { scores, rows, bias, ...(kernel !== undefined && { kernel }), removed, chosen };
}

interface Fitted {
  readonly alphas: readonly Float64Array[];
  readonly bias: readonly number[];
}

function learned(
  kernel: Square,
  train: readonly number[],
  ridge: number,
  labels: readonly number[],
  classes: number,
): Fitted {
  const bias = Array.from(
    { length: classes },
    (_, label) => train.filter(at => labels[at] === label).length / Math.max(1, train.length),
  );
  const targets = bias.map((mean, label) => Float64Array.from(train, at => Number(labels[at] === label) - mean));
  return { alphas: fitKernelRidge(kernel, train, ridge, targets), bias };
}

function scoresOf({ size, values }: Square, train: readonly number[], { alphas, bias }: Fitted, at: number) {
  return Float32Array.from(bias, (mean, label) => {
    const alpha = alphas[label]!;
    let sum = mean;
    for (const [i, other] of train.entries()) sum += alpha[i]! * values[at * size + other]!;
    return sum;
  });
}

/** Whether a text is in none of these folds, nor nearly the same as one that is. */
function isFree({ of, near }: Folds, at: number, held: readonly number[]): boolean {
  return held.every(fold => of[at] !== fold && (near[at]! & (1 << fold)) === 0);
}

/** Half the products of n-grams. */
function gramKernel(grams: readonly SparseVector[], buckets: number): Square {
  const dense = new Float32Array(buckets);
  let last = -1;
  return productsOf(grams.length, (i, j) => {
    if (i !== last) {
      dense.fill(0);
      const { at, values } = grams[i]!;
      for (let k = 0; k < at.length; k++) dense[at[k]!] = values[k]!;
      last = i;
    }
    const { at, values } = grams[j]!;
    let sum = 0;
    for (let k = 0; k < at.length; k++) sum += dense[at[k]!]! * values[k]!;
    return 0.5 * sum;
  });
}

function summed(grams: Square, products: Square | undefined, degree: number): Square {
  if (products === undefined) return grams;
  const { values } = products;
  return { size: grams.size, values: grams.values.map((value, at) => value + likeness(values[at]!, degree)) };
}

function largest(scores: Float32Array): number {
  return scores.indexOf(Math.max(...scores));
}
