import { type Sigmoid, sigmoid } from '#models/routes/platt.js';
import { GramLayer } from './gram-layer.js';
import type { Head } from './head-file.js';
import { LandmarkLayer } from './landmark-layer.js';
import { LinearLayer, softmax } from './linear-layer.js';
import { NeighbourLayer } from './neighbour-layer.js';
import type { QuickSight } from './quick-features.js';

/** Where the scores of a tier come from. */
type TierParts = Pick<Head, 'fast' | 'model'>;

/**
 * The arithmetic of a head. The fast tier is linear in word vectors and n-grams; the model tier adds to the transformer's scores what
 * the fast tier found, weighted as fitted (stacking, Wolpert, 1992), for the two err on different texts. Where a head knows what is out
 * of its scope, probabilities are multiplied by that of being within it, told by the largest score (Hendrycks et al., 2022).
 */
export class TwoTiers {
  readonly labels: number;
  readonly width: number;
  private readonly model: LinearLayer | LandmarkLayer;
  private readonly fast: LinearLayer | undefined;
  private readonly grams: GramLayer | undefined;
  private readonly neighbours: NeighbourLayer | undefined;

  /** @param quick whether the fast tier's table is that of the head. @throws RangeError when parts are not of one size. */
  constructor(
    private readonly parts: TierParts,
    quick: boolean,
  ) {
    const { model, fast } = parts;
    const { landmarks } = model;
    this.model =
      landmarks === undefined
        ? new LinearLayer(model, model.width)
        : new LandmarkLayer({ ...model, landmarks }, model.width);
    this.width = model.width;
    this.labels = this.model.labels;
    if (model.neighbours !== undefined) {
      this.neighbours = new NeighbourLayer(model.neighbours, model.width, this.labels);
    }
    if (quick && fast !== undefined) {
      this.fast = new LinearLayer(fast, fast.width);
      this.grams = fast.grams === undefined ? undefined : new GramLayer(fast.grams);
    }
  }

  /** Scores of the fast tier before anything is made of them; none where it sees nothing. */
  fastLogits(sight: QuickSight): Float32Array | undefined {
    const { fast, grams } = this;
    if (fast === undefined || sight.vector === undefined) return undefined;
    const logits = fast.logits(sight.vector);
    grams?.addTo(logits, sight.grams);
    return logits;
  }

  /** Scores of the transformer's vector: linear ones or such of nearness to landmarks, and what the examples near it say where the head has kept them. */
  modelLogits(vector: Float32Array): Float32Array {
    const logits = this.model.logits(vector);
    const near = this.neighbours?.scores(vector);
    const weight = this.parts.model.neighbours?.weight ?? 0;
    if (near !== undefined) for (let i = 0; i < logits.length; i++) logits[i]! += weight * near[i]!;
    return logits;
  }

  /** Scores of both together. */
  jointLogits(vector: Float32Array, quick: Float32Array | undefined): Float32Array {
    const logits = this.modelLogits(vector);
    const { mix = 0 } = this.parts.model;
    if (quick !== undefined) for (let i = 0; i < logits.length; i++) logits[i]! += mix * quick[i]!;
    return logits;
  }

  /** Probabilities of the fast tier. */
  byFast(logits: Float32Array): Float32Array {
    return probabilities(logits, this.parts.fast?.temperature ?? 1, this.parts.fast?.scope);
  }

  byModel(vector: Float32Array, quick: Float32Array | undefined): Float32Array {
    const { model } = this.parts;
    // Scores without the fast tier's share are on another scale.
    const { temperature, scope } = quick === undefined ? (model.alone ?? model) : model;
    return probabilities(this.jointLogits(vector, quick), temperature, scope);
  }
}

/** Leaves the logits as they are. */
export function probabilities(logits: Float32Array, temperature: number, scope: Sigmoid | undefined): Float32Array {
  const p = softmax(Float32Array.from(logits), temperature);
  if (scope === undefined) return p;
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > largest) largest = logit;
  const within = sigmoid(scope, largest / temperature);
  for (let i = 0; i < p.length; i++) p[i]! *= within;
  return p;
}
