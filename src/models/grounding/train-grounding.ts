import type { GroundingHead } from './grounding-head.js';

export interface GroundingExample {
  readonly features: Float64Array;
  /** 1 where the claim is not grounded. */
  readonly label: 0 | 1;
}

const STEPS = 600;
const RATE = 0.5;
const DECAY = 0.002;

/** Logistic regression by gradient descent on standardised features, with weight decay. @param threshold of the head. */
export function trainGrounding(examples: readonly GroundingExample[], threshold: number): GroundingHead {
  const size = examples[0]?.features.length ?? 0;
  const mean = new Float64Array(size);
  const spread = new Float64Array(size);
  for (const { features } of examples) for (let i = 0; i < size; i++) mean[i]! += features[i]! / examples.length;
  for (const { features } of examples)
    for (let i = 0; i < size; i++) spread[i]! += (features[i]! - mean[i]!) ** 2 / examples.length;
  for (let i = 0; i < size; i++) spread[i] = Math.sqrt(spread[i]!) || 1;
  const weights = new Float64Array(size);
  let bias = 0;
  for (let step = 0; step < STEPS; step++) {
    const gradient = new Float64Array(size);
    let biasGradient = 0;
    for (const { features, label } of examples) {
      let sum = bias;
      for (let i = 0; i < size; i++) sum += (weights[i]! * (features[i]! - mean[i]!)) / spread[i]!;
      const error = (1 / (1 + Math.exp(-sum)) - label) / examples.length;
      for (let i = 0; i < size; i++) gradient[i]! += (error * (features[i]! - mean[i]!)) / spread[i]!;
      biasGradient += error;
    }
    for (let i = 0; i < size; i++) weights[i]! -= RATE * (gradient[i]! + DECAY * weights[i]!);
    bias -= RATE * biasGradient;
  }
  // Told in the units of the features themselves.
  const own = [...weights].map((weight, i) => weight / spread[i]!);
  return { weights: own, bias: bias - own.reduce((sum, weight, i) => sum + weight * mean[i]!, 0), threshold };
}
