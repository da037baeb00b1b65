import type { Random } from '#contract/random.js';
import { type SparseVector, sparseDot } from '#models/safety/sparse-vector.js';

export interface LogisticOptions {
  /** Numbers of a vector. */
  readonly width: number;
  /** Weight of the data against the penalty ½‖w‖², as `C` in LIBLINEAR. */
  readonly strength: number;
  /** How much each example counts; 1 unless said. */
  readonly weights?: Float32Array;
  readonly random: Random;
  /** Times that every example is looked at; 15 unless said. */
  readonly rounds?: number;
}

export interface Logistic {
  readonly weights: Float32Array;
  readonly bias: number;
}

/** Newton's steps on one dual variable. */
const STEPS = 8;
const EDGE = 1e-9;

/**
 * Logistic regression over sparse vectors: minimises `½‖w‖² + C Σ cᵢ ln(1 + exp(−yᵢ w·xᵢ))` by coordinate descent on the dual
 * (Yu, Huang and Lin, 2011, algorithm 5). The bias is the weight of a number 1 behind each vector.
 *
 * @param truths whether each example is positive.
 */
export function fitLogistic(
  examples: readonly SparseVector[],
  truths: readonly boolean[],
  { width, strength, weights: importance, random, rounds = 15 }: LogisticOptions,
): Logistic {
  const w = new Float32Array(width);
  let bias = 0;
  const count = examples.length;
  const most = Float64Array.from(examples, (_, i) => strength * (importance?.[i] ?? 1));
  const duals = Float64Array.from(most, c => Math.min(0.001 * c, 1e-8));
  const squares = Float64Array.from(examples, ({ values }) => 1 + values.reduce((sum, v) => sum + v * v, 0));
  const add = (i: number, step: number): void => {
    const { at, values } = examples[i]!;
    const signed = truths[i] === true ? step : -step;
    for (let k = 0; k < at.length; k++) w[at[k]!]! += signed * values[k]!;
    bias += signed;
  };
  for (let i = 0; i < count; i++) add(i, duals[i]!);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let round = 0; round < rounds; round++) {
    shuffle(order, random);
    let moved = 0;
    for (const i of order) {
      const c = most[i]!;
      if (c === 0) continue;
      const margin = (truths[i] === true ? 1 : -1) * (sparseDot(w, examples[i]!) + bias);
      const before = duals[i]!;
      const after = newton(before, c, squares[i]!, margin);
      const step = after - before;
      if (Math.abs(step) <= 1e-7 * c) continue;
      moved = Math.max(moved, Math.abs(step) / c);
      duals[i] = after;
      add(i, step);
    }
    if (moved < 1e-3) break;
  }
  return { weights: w, bias };
}

/** The least of `z ln z + (c − z) ln(c − z) + a/2 (z − z₀)² + b (z − z₀)` over `0 < z < c`. */
function newton(start: number, c: number, a: number, b: number): number {
  let low = EDGE * c;
  let high = c - low;
  let z = Math.min(high, Math.max(low, start));
  for (let step = 0; step < STEPS; step++) {
    const slope = Math.log(z / (c - z)) + a * (z - start) + b;
    if (slope > 0) high = z;
    else low = z;
    const next = z - slope / (a + c / (z * (c - z)));
    const inside =
      next > low && next < high ? next : Math.sqrt(low * high) > c / 2 ? (low + high) / 2 : Math.sqrt(low * high);
    if (Math.abs(inside - z) <= 1e-9 * c) return inside;
    z = inside;
  }
  return z;
}

function shuffle(order: Int32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
}
