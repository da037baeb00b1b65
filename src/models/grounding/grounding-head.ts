import { WeirError } from '#contract/errors.js';
import { readAsset } from '#models/assets.js';
import { GROUNDING_FEATURES, type GroundingContext } from './features.js';

/** A logistic model over {@link GROUNDING_FEATURES}. */
export interface GroundingHead {
  readonly weights: readonly number[];
  readonly bias: number;
  /** Probability from which a claim counts as not grounded. */
  readonly threshold: number;
}

/** Probability that a claim says what its context does not; nothing for one that says nothing. */
export function ungrounded(head: GroundingHead, context: GroundingContext, claim: string): number | undefined {
  const features = context.features(claim);
  if (features === undefined) return undefined;
  let sum = head.bias;
  for (let at = 0; at < features.length; at++) sum += features[at]! * head.weights[at]!;
  return 1 / (1 + Math.exp(-sum));
}

/** The head that comes with Weir. @throws WeirError `model.unavailable`. */
export function openGroundingHead(): GroundingHead {
  const head = JSON.parse(readAsset('heads/grounding.json').toString()) as GroundingHead;
  if (head.weights.length !== GROUNDING_FEATURES.length)
    throw new WeirError('model.unavailable', 'The head of grounding was trained on other features');
  return head;
}
