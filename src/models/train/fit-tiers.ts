import type { Random } from '#contract/random.js';
import { type GramWeights, toGramWeights } from '#models/heads/gram-layer.js';
import type { LandmarkWeights } from '#models/heads/landmark-layer.js';
import { type LinearWeights, toWeights } from '#models/heads/linear-layer.js';
import { folded } from '#models/safety/sparse-vector.js';
import type { Seen } from './figures.js';
import { fitLandmarks } from './fit-landmarks.js';
import { fitSoftmax } from './softmax-regression.js';

/** Most weights that n-grams may have: buckets times labels. */
const MOST_WEIGHTS = 1 << 20;
const [FEWEST_BUCKETS, MOST_BUCKETS] = [1024, 32_768];

export interface FitTiersOptions {
  readonly labels: readonly string[];
  readonly strength: number;
  readonly random: Random;
}

export interface TierWeights {
  readonly model: LinearWeights | LandmarkWeights;
  readonly fast: (LinearWeights & { readonly grams: GramWeights }) | undefined;
}

/** A text to train on. */
export interface Taught extends Seen {
  readonly weight?: number;
}

/** The weights of both tiers, of temperature 1. @param landmarks whether the model's scores are of nearness to landmarks, in place of linear ones. */
export function fitTiers(texts: readonly Taught[], options: FitTiersOptions, landmarks = false): TierWeights {
  const model = landmarks ? fitByLandmarks(texts, options) : linear(texts, options);
  const quick = texts.filter(({ fast }) => fast?.vector !== undefined);
  if (quick.length === 0) return { model, fast: undefined };
  const buckets = bucketsFor(options.labels.length);
  const { dense, grams } = fitted(quick, ({ fast }) => fast!.vector!, buckets, options);
  return {
    model,
    fast: { ...dense, grams: toGramWeights(grams, buckets, options.labels.length) },
  };
}

function linear(texts: readonly Taught[], options: FitTiersOptions): LinearWeights {
  return fitted(texts, ({ model: vector }) => vector, undefined, options).dense;
}

/** The weights of the model's tier on nearness to landmarks. */
export function fitByLandmarks(texts: readonly Taught[], { labels, random }: FitTiersOptions): LandmarkWeights {
  const examples = {
    vectors: texts.map(({ model }) => model),
    labels: texts.map(({ label }) => labels.indexOf(label)),
    weights: texts.map(({ weight = 1 }) => weight),
    classes: labels.length,
  };
  return fitLandmarks(examples, random.fork('landmarks'));
}

/** As many buckets as the labels leave room for. */
function bucketsFor(labels: number): number {
  const room = 2 ** Math.floor(Math.log2(MOST_WEIGHTS / labels));
  return Math.max(FEWEST_BUCKETS, Math.min(MOST_BUCKETS, room));
}

function fitted(
  texts: readonly Taught[],
  vectorOf: (text: Taught) => Float32Array,
  buckets: number | undefined,
  { labels, strength, random }: FitTiersOptions,
): { readonly dense: LinearWeights; readonly grams: Float32Array } {
  const width = texts[0] === undefined ? 0 : vectorOf(texts[0]).length;
  const vectors = new Float32Array(texts.length * width);
  for (const [at, text] of texts.entries()) vectors.set(vectorOf(text), at * width);
  const places = new Map(labels.map((label, at) => [label, at]));
  const { rows, bias, grams } = fitSoftmax(
    {
      vectors,
      width,
      labels: Int32Array.from(texts, ({ label }) => places.get(label) ?? -1),
      ...(buckets !== undefined && { grams: { buckets, of: texts.map(({ fast }) => folded(fast!.grams, buckets)) } }),
    },
    {
      classes: labels.length,
      strength,
      weights: Float32Array.from(texts, ({ weight = 1 }) => weight),
      random,
    },
  );
  return { dense: toWeights(rows, bias, 1), grams };
}
