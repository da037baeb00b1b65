import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Head } from '#models/heads/head-file.js';
import { background } from '#models/routes/background.js';
import { dot } from '#models/runtime/pooling.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
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
const STRENGTH = 30;
/** Texts of a route below which none of it can be spared to tune on. */
const LEAST = 2;

/**
 * Trains routes on labelled texts: a head over both tiers, the probability below which a text belongs to none, and a few examples of
 * each route to show. What is out of scope is learnt from the texts marked `oos`; where there are none, from everyday questions.
 */
export async function trainRoutes(options: TrainRoutesOptions): Promise<Head> {
  const { texts, embed } = options;
  const inside = texts.filter(({ label }) => label !== OUT_OF_SCOPE);
  const outside = texts.filter(({ label }) => label === OUT_OF_SCOPE);
  const counts = new Map<string, number>();
  for (const { label } of inside) counts.set(label, (counts.get(label) ?? 0) + 1);
  const few = [...counts].find(([, count]) => count < LEAST);
  if (counts.size < 2 || few !== undefined) {
    throw new WeirError(
      'usage.invalid',
      counts.size < 2 ? 'Routes take two labels at least' : `${few?.[0]} has one text only`,
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
    outside: outside.length > 0 ? outside.map(({ text }) => text) : background(),
    strength: STRENGTH,
    landmarks: true,
  });
  const vectors = await embed(inside.map(({ text }) => text));
  return { ...head, examples: medoids(inside, vectors, head.labels) };
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
