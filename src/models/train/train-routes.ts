import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Head } from '#models/heads/head-file.js';
import { LinearLayer } from '#models/heads/linear-layer.js';
import { dot } from '#models/runtime/pooling.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import { said } from './calibration.js';
import { type LabelledText, trainHead } from './train-head.js';

/** The label of texts that belong to no route. */
export const OUT_OF_SCOPE = 'oos';

export interface TrainRoutesOptions {
  readonly texts: readonly LabelledText[];
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly fast?: StaticEmbedding | undefined;
  readonly random: Random;
  readonly date: string;
  readonly progress?: (message: string) => void;
}

/** Examples kept of each route, as evidence. */
const KEPT = 4;
/** Share of texts that do belong that the threshold may turn away where no text is marked as belonging nowhere. */
const TURNED_AWAY = 0.03;
/** Texts of a route below which none of it can be spared to tune on. */
const LEAST = 2;

/**
 * Trains routes on labelled texts: a head over both tiers, the probability below which a text belongs to none, and a few examples of
 * each route to show. With texts marked `oos` the threshold is where as large a share of those is let in as of the others is turned away.
 */
export async function trainRoutes(options: TrainRoutesOptions): Promise<Head> {
  const { texts, embed, random } = options;
  const inside = texts.filter(({ label }) => label !== OUT_OF_SCOPE);
  const outside = texts.filter(({ label }) => label === OUT_OF_SCOPE);
  const counts = new Map<string, number>();
  for (const { label } of inside) counts.set(label, (counts.get(label) ?? 0) + 1);
  const few = [...counts].find(([, count]) => count < LEAST);
  if (counts.size < 2 || few !== undefined) {
    throw new WeirError(
      'usage.invalid',
      few === undefined ? 'Routes take two labels at least' : `${few[0]} has one text only`,
      {
        hint: `two labels or more, ${LEAST} texts or more of each`,
      },
    );
  }
  const head = await trainHead({
    ...options,
    kind: 'routes',
    summary: `${counts.size} routes, by ${inside.length} examples`,
    data: [{ name: 'examples', licence: 'as given', texts: inside, heldOut: 'tune' }],
    tests: [],
    strength: 10,
  });
  const layer = new LinearLayer(head.model, head.model.width);
  const probability = (vector: Float32Array): number => said(layer.probabilities(vector)).probability;
  const [insideVectors, outsideVectors] = [
    await embed(inside.map(({ text }) => text)),
    await embed(outside.map(({ text }) => text)),
  ];
  // Those tuned on are as unknown to the weights as the texts to come.
  const draws = random.fork('examples');
  const tuned = insideVectors.filter(() => heldOut(draws.next()));
  const threshold = thresholdOf(tuned.map(probability), outsideVectors.map(probability));
  return { ...head, threshold: Number(threshold.toFixed(4)), examples: medoids(inside, insideVectors, head.labels) };
}

/** As `trainHead` draws what it tunes on. */
function heldOut(u: number): boolean {
  return u >= 0.2 && u < 0.35;
}

function thresholdOf(inside: readonly number[], outside: readonly number[]): number {
  const sorted = [...inside].sort((a, b) => a - b);
  if (sorted.length === 0) return 0;
  if (outside.length === 0) return sorted[Math.floor(TURNED_AWAY * sorted.length)] ?? 0;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of [...sorted, ...outside]) {
    const turned = sorted.filter(p => p < candidate).length / sorted.length;
    const letIn = outside.filter(p => p >= candidate).length / outside.length;
    if (turned + letIn < least) {
      least = turned + letIn;
      best = candidate;
    }
  }
  return best;
}

/** The texts nearest to the middle of their route. */
function medoids(
  texts: readonly LabelledText[],
  vectors: readonly Float32Array[],
  labels: readonly string[],
): NonNullable<Head['examples']> {
  return labels.flatMap((name, label) => {
    const own = texts.flatMap((text, at) => (text.label === name ? [{ text: text.text, vector: vectors[at]! }] : []));
    const middle = new Float32Array(own[0]?.vector.length ?? 0);
    for (const { vector } of own) for (let i = 0; i < middle.length; i++) middle[i]! += vector[i]!;
    return own
      .map(one => ({ ...one, nearness: dot(one.vector, middle) }))
      .sort((a, b) => b.nearness - a.nearness)
      .slice(0, KEPT)
      .map(({ text, vector }) => ({ text, label, vector: toBase64(vector) }));
  });
}

function toBase64(vector: Float32Array): string {
  return Buffer.from(Int8Array.from(vector, value => Math.round(value * 127)).buffer).toString('base64');
}
