import { WeirError } from '#contract/errors.js';

/** Vectors, one after the other, and the place of each one's label. */
export interface Examples {
  readonly vectors: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
}

export interface FitOptions {
  readonly classes: number;
  /** Weight of the data against the penalty ½‖W‖², as `C` in LIBLINEAR. */
  readonly strength: number;
  /** How much each example counts; 1 unless said. */
  readonly weights?: Float32Array;
  readonly iterations: number;
}

export interface Fitted {
  /** One row a class. */
  readonly rows: Float32Array;
  readonly bias: Float32Array;
}

/** Share of the objective that an iteration must still gain. */
const CONVERGED = 2e-5;

/**
 * Multinomial logistic regression: minimises `C Σ −log p(yᵢ | xᵢ) + ½‖W‖²` by gradient steps in the metric of Böhning's bound
 * (1992): the Hessian is nowhere above `½ C XᵀX`, whose inverse is taken once. No step size is to be chosen. Nesterov's momentum, begun
 * again whenever the objective rises (O'Donoghue and Candès, 2015).
 */
export function fitSoftmax(examples: Examples, { classes, strength, weights, iterations }: FitOptions): Fitted {
  const { width, labels } = examples;
  const size = width + 1;
  const count = labels.length;
  if (count === 0) throw new WeirError('usage.invalid', 'There is nothing to train on');
  const inverse = invertedBound(examples, strength, weights);
  let parameters = new Float64Array(classes * size);
  let ahead = Float64Array.from(parameters);
  let momentum = 1;
  let before = Number.POSITIVE_INFINITY;
  const gradient = new Float64Array(classes * size);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const objective = gradientAt(ahead, examples, classes, strength, weights, gradient);
    const next = new Float64Array(classes * size);
    for (let label = 0; label < classes; label++) {
      const row = label * size;
      for (let i = 0; i < size; i++) {
        let step = 0;
        for (let j = 0; j < size; j++) step += inverse[i * size + j]! * gradient[row + j]!;
        next[row + i] = ahead[row + i]! - step;
      }
    }
    const restart = objective > before;
    const grown = restart ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const push = restart ? 0 : (momentum - 1) / grown;
    ahead = next.map((value, i) => value + push * (value - parameters[i]!));
    parameters = next;
    momentum = grown;
    const gained = before - objective;
    before = objective;
    if (!restart && gained < CONVERGED * objective) break;
  }
  const rows = new Float32Array(classes * width);
  const bias = new Float32Array(classes);
  for (let label = 0; label < classes; label++) {
    rows.set(parameters.subarray(label * size, label * size + width), label * width);
    bias[label] = parameters[label * size + width]!;
  }
  return { rows, bias };
}

/** Writes the gradient and returns the objective. */
function gradientAt(
  parameters: Float64Array,
  { vectors, width, labels }: Examples,
  classes: number,
  strength: number,
  weights: Float32Array | undefined,
  gradient: Float64Array,
): number {
  const size = width + 1;
  // Single precision halves the memory that the inner loops go through.
  const w = Float32Array.from(parameters);
  const g = new Float32Array(classes * size);
  const scores = new Float64Array(classes);
  let objective = 0;
  for (let at = 0; at < labels.length; at++) {
    const x = vectors.subarray(at * width, (at + 1) * width);
    let largest = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < classes; label++) {
      const score = rowProduct(w, label * size, x) + w[label * size + width]!;
      scores[label] = score;
      if (score > largest) largest = score;
    }
    let sum = 0;
    for (let label = 0; label < classes; label++) sum += Math.exp(scores[label]! - largest);
    const importance = strength * (weights?.[at] ?? 1);
    const truth = labels[at]!;
    objective += importance * (Math.log(sum) + largest - scores[truth]!);
    for (let label = 0; label < classes; label++) {
      const p = Math.exp(scores[label]! - largest) / sum - (label === truth ? 1 : 0);
      // What is as good as certain pulls at nothing.
      if (Math.abs(p) < 1e-5) continue;
      addScaled(g, label * size, x, importance * p);
      g[label * size + width]! += importance * p;
    }
  }
  for (let i = 0; i < gradient.length; i++) {
    const penalised = i % size !== width;
    gradient[i] = g[i]! + (penalised ? parameters[i]! : BIAS_PENALTY * parameters[i]!);
    objective += 0.5 * (penalised ? 1 : BIAS_PENALTY) * parameters[i]! ** 2;
  }
  return objective;
}

/** The bias is hardly held back, but enough that the bound can be inverted. */
const BIAS_PENALTY = 1e-3;

function rowProduct(rows: Float32Array, at: number, x: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += rows[at + i]! * x[i]!;
    b += rows[at + i + 1]! * x[i + 1]!;
    c += rows[at + i + 2]! * x[i + 2]!;
    d += rows[at + i + 3]! * x[i + 3]!;
  }
  for (let i = whole; i < x.length; i++) a += rows[at + i]! * x[i]!;
  return a + b + c + d;
}

function addScaled(rows: Float32Array, at: number, x: Float32Array, factor: number): void {
  for (let i = 0; i < x.length; i++) rows[at + i]! += factor * x[i]!;
}

/** `(½ C XᵀX + P)⁻¹`, `X` with a column of ones and `P` the penalty. */
function invertedBound({ vectors, width, labels }: Examples, strength: number, weights: Float32Array | undefined) {
  const size = width + 1;
  const bound = new Float64Array(size * size);
  const x = new Float64Array(size);
  x[width] = 1;
  for (let at = 0; at < labels.length; at++) {
    x.set(vectors.subarray(at * width, (at + 1) * width));
    const factor = 0.5 * strength * (weights?.[at] ?? 1);
    for (let i = 0; i < size; i++) {
      const scaled = factor * x[i]!;
      if (scaled === 0) continue;
      for (let j = 0; j <= i; j++) bound[i * size + j]! += scaled * x[j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    bound[i * size + i]! += i === width ? BIAS_PENALTY : 1;
    for (let j = 0; j < i; j++) bound[j * size + i] = bound[i * size + j]!;
  }
  return inverted(bound, size);
}

/** The inverse of a symmetric positive definite matrix, by Cholesky's decomposition. */
export function inverted(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(matrix);
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = lower[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / lower[j * size + j]!;
    }
  }
  const inverse = new Float64Array(size * size);
  const column = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    column.fill(0);
    column[at] = 1;
    for (let i = 0; i < size; i++) {
      let sum = column[i]!;
      for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * column[k]!;
      column[i] = sum / lower[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = column[i]!;
      for (let k = i + 1; k < size; k++) sum -= lower[k * size + i]! * column[k]!;
      column[i] = sum / lower[i * size + i]!;
    }
    for (let i = 0; i < size; i++) inverse[i * size + at] = column[i]!;
  }
  return inverse;
}
