import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { SparseVector } from '#models/safety/sparse-vector.js';

/** Vectors, one after the other, and the place of each one's label. */
export interface Examples {
  readonly vectors: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
  /** Hashed n-grams of each text, where those count too. */
  readonly grams?: { readonly buckets: number; readonly of: readonly SparseVector[] };
}

export interface FitOptions {
  readonly classes: number;
  /** Weight of the data against the penalty ½‖W‖², as `C` in LIBLINEAR. N-grams are held back by stopping early alone. */
  readonly strength: number;
  /** How much each example counts; 1 unless said. */
  readonly weights?: Float32Array;
  /** Draws the order of the examples. */
  readonly random: Random;
}

export interface Fitted {
  /** One row a class. */
  readonly rows: Float32Array;
  readonly bias: Float32Array;
  /** One row a bucket, as long as there are classes; empty without n-grams. */
  readonly grams: Float32Array;
}

const BATCH = 32;
/** Times that every example is looked at, and steps at least, for few examples need more looking. */
const ROUNDS = 8;
const LEAST_STEPS = 1500;
/** First step sizes; both fall to 0 along a cosine (Loshchilov and Hutter, 2017). */
const STEP = 0.05;
const GRAM_STEP = 2;
/** Adam's constants. */
const [FIRST, SECOND, TINY] = [0.9, 0.999, 1e-8];
/** What is as good as certain pulls at nothing. */
const SETTLED = 1e-4;

/**
 * Multinomial logistic regression: minimises `C Σ −log p(yᵢ | xᵢ) + ½‖W‖²` in small batches, by Adam (Kingma and Ba, 2015) for the
 * dense numbers and by plain steps for n-grams, of which each example touches few.
 */
export function fitSoftmax(examples: Examples, options: FitOptions): Fitted {
  const { labels, width } = examples;
  const count = labels.length;
  if (count === 0) throw new WeirError('usage.invalid', 'There is nothing to train on');
  const { classes, strength, random } = options;
  const importance = importanceOf(options.weights, count);
  const dense = new AdamRows(classes, width + 1, 1 / (strength * importance.sum));
  const buckets = examples.grams?.buckets ?? 0;
  const grams = new Float32Array(buckets * classes);
  const order = Int32Array.from({ length: count }, (_, at) => at);
  const perRound = Math.ceil(count / BATCH);
  const steps = Math.max(LEAST_STEPS, ROUNDS * perRound);
  const p = new Float32Array(classes);
  for (let step = 0; step < steps; step++) {
    const begin = step % perRound;
    if (begin === 0) shuffle(order, random);
    const fading = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
    const batch = order.subarray(begin * BATCH, (begin + 1) * BATCH);
    for (const at of batch) {
      const x = examples.vectors.subarray(at * width, (at + 1) * width);
      const sparse = examples.grams?.of[at];
      for (let label = 0; label < classes; label++) p[label] = dense.score(label, x);
      if (sparse !== undefined) addGramScores(grams, sparse, p);
      toErrors(p, labels[at]!);
      const weight = importance.of(at);
      for (let label = 0; label < classes; label++) {
        if (Math.abs(p[label]!) > SETTLED) dense.pull(label, x, (weight * p[label]!) / batch.length);
      }
      if (sparse !== undefined) stepGrams(grams, sparse, p, GRAM_STEP * fading * weight);
    }
    dense.step(STEP * fading);
  }
  return { ...dense.parts(), grams };
}

/** Weights of mean 1. */
function importanceOf(weights: Float32Array | undefined, count: number) {
  if (weights === undefined) return { sum: count, of: () => 1 };
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { sum, of: (at: number) => (weights[at]! * count) / sum };
}

/** Scores become `p(label) − 1{label is true}`, in place. */
function toErrors(scores: Float32Array, truth: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > largest) largest = score;
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const e = Math.exp(scores[i]! - largest);
    scores[i] = e;
    sum += e;
  }
  for (let i = 0; i < scores.length; i++) scores[i]! /= sum;
  scores[truth]! -= 1;
}

function addGramScores(grams: Float32Array, { at, values }: SparseVector, scores: Float32Array): void {
  const classes = scores.length;
  for (let i = 0; i < at.length; i++) {
    const row = at[i]! * classes;
    const value = values[i]!;
    for (let label = 0; label < classes; label++) scores[label]! += value * grams[row + label]!;
  }
}

function stepGrams(grams: Float32Array, { at, values }: SparseVector, errors: Float32Array, size: number): void {
  const pulled = Int32Array.from(errors.keys()).filter(label => Math.abs(size * errors[label]!) > SETTLED);
  const classes = errors.length;
  for (let i = 0; i < at.length; i++) {
    const row = at[i]! * classes;
    const step = size * values[i]!;
    for (let k = 0; k < pulled.length; k++) {
      const label = pulled[k]!;
      grams[row + label]! -= step * errors[label]!;
    }
  }
}

function shuffle(order: Int32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
}

/** Rows of weights, each with a bias behind it, that Adam moves. The bias is not held back. */
class AdamRows {
  private readonly weights: Float32Array;
  private readonly gradient: Float32Array;
  private readonly first: Float32Array;
  private readonly second: Float32Array;
  private steps = 0;

  constructor(
    private readonly count: number,
    private readonly size: number,
    private readonly penalty: number,
  ) {
    this.weights = new Float32Array(count * size);
    this.gradient = new Float32Array(count * size);
    this.first = new Float32Array(count * size);
    this.second = new Float32Array(count * size);
  }

  score(row: number, x: Float32Array): number {
    const { weights, size } = this;
    const at = row * size;
    let [a, b, c, d] = [0, 0, 0, 0];
    const whole = x.length - (x.length % 4);
    for (let i = 0; i < whole; i += 4) {
      a += weights[at + i]! * x[i]!;
      b += weights[at + i + 1]! * x[i + 1]!;
      c += weights[at + i + 2]! * x[i + 2]!;
      d += weights[at + i + 3]! * x[i + 3]!;
    }
    for (let i = whole; i < x.length; i++) a += weights[at + i]! * x[i]!;
    return a + b + c + d + weights[at + x.length]!;
  }

  pull(row: number, x: Float32Array, factor: number): void {
    const { gradient, size } = this;
    const at = row * size;
    for (let i = 0; i < x.length; i++) gradient[at + i]! += factor * x[i]!;
    gradient[at + x.length]! += factor;
  }

  step(rate: number): void {
    const { weights, gradient, first, second, size, penalty } = this;
    this.steps++;
    const scaled = (rate * Math.sqrt(1 - SECOND ** this.steps)) / (1 - FIRST ** this.steps);
    for (let row = 0, at = 0; row < this.count; row++) {
      for (let i = 0; i < size; i++, at++) {
        const g = gradient[at]! + (i === size - 1 ? 0 : penalty * weights[at]!);
        gradient[at] = 0;
        const m = FIRST * first[at]! + (1 - FIRST) * g;
        const v = SECOND * second[at]! + (1 - SECOND) * g * g;
        first[at] = m;
        second[at] = v;
        weights[at]! -= (scaled * m) / (Math.sqrt(v) + TINY);
      }
    }
  }

  parts(): { readonly rows: Float32Array; readonly bias: Float32Array } {
    const { weights, count, size } = this;
    const rows = new Float32Array(count * (size - 1));
    const bias = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      rows.set(weights.subarray(row * size, (row + 1) * size - 1), row * (size - 1));
      bias[row] = weights[(row + 1) * size - 1]!;
    }
    return { rows, bias };
  }
}
