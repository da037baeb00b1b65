import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WeirError } from '#contract/errors.js';

const linear = z.strictObject({
  rows: z.base64(),
  scales: z.array(z.number()),
  bias: z.array(z.number()),
  temperature: z.number().positive(),
});

/** The probability of being in scope is `σ(slope · largest score / temperature + offset)`. */
const scope = z.strictObject({ slope: z.number(), offset: z.number() });

/** Most buckets times labels: what the weights of n-grams take in memory. */
const MOST_GRAM_BYTES = 16 * 1024 ** 2;

const grams = z.strictObject({
  buckets: z
    .int()
    .min(256)
    .max(65_536)
    .refine(count => (count & (count - 1)) === 0, 'must be a power of 2'),
  rows: z.base64().max(2 * MOST_GRAM_BYTES),
  scales: z.array(z.number()),
});

/** Most examples' numbers: what they take in memory. */
const MOST_EXAMPLE_BYTES = 8 * 1024 ** 2;

/** Examples that have a say beside the linear scores: see `NeighbourWeights`. */
const neighbours = z.strictObject({
  axes: z.strictObject({ rows: z.base64(), scales: z.array(z.number()) }),
  rows: z.base64().max(2 * MOST_EXAMPLE_BYTES),
  step: z.number().positive(),
  cells: z.strictObject({ middles: z.base64(), ends: z.array(z.int().min(0)).min(1).max(4096) }),
  labels: z.base64(),
  weight: z.number().positive(),
});

const interval = z.tuple([z.number(), z.number()]);

/** Figures of one tier on texts that it was neither trained nor tuned on. */
const figures = z.strictObject({
  texts: z.int(),
  accuracy: z.number(),
  /** Wilson's score interval, 95 %. */
  interval,
  /** Expected calibration error over 15 bins of equal width (Guo et al., 2017). */
  ece: z.number(),
  /** Share of the texts that the transformer had to read. */
  escalated: z.number().optional(),
});

/** What a head was made from, how good it is, and where it fails. */
const card = z.strictObject({
  summary: z.string(),
  trained: z.string(),
  data: z.array(z.strictObject({ name: z.string(), licence: z.string(), texts: z.int() })),
  /** Training texts left out because a test text is nearly the same (cosine above this). */
  duplicates: z.strictObject({ above: z.number(), removed: z.int() }),
  results: z.record(z.string(), z.record(z.string(), figures)),
  /** Recall and precision of each label by the cascade. */
  labels: z.record(z.string(), z.strictObject({ texts: z.int(), recall: z.number(), precision: z.number() })),
  failures: z.array(z.string()),
});

const headSchema = z.strictObject({
  format: z.literal(1),
  kind: z.string(),
  labels: z.array(z.string()).min(1).max(4096),
  /** Below this probability nothing is said. */
  threshold: z.number().min(0).max(1),
  model: linear.extend({
    embedder: z.string(),
    width: z.int(),
    /** How much the fast tier's scores count beside the transformer's. */
    mix: z.number().optional(),
    neighbours: neighbours.optional(),
    /** Where the scores are of nearness to landmarks: see `LandmarkWeights`, whose `rows` and `scales` are one a landmark. */
    landmarks: z
      .strictObject({ rows: z.base64().max(2 * MOST_EXAMPLE_BYTES), scales: z.array(z.number()).min(1) })
      .optional(),
    scope: scope.optional(),
    /** What holds in the place of `temperature` and `scope` where the fast tier sees nothing. */
    alone: z.strictObject({ temperature: z.number().positive(), scope: scope.optional() }).optional(),
  }),
  fast: linear
    .extend({
      embedder: z.string(),
      width: z.int(),
      grams: grams.optional(),
      scope: scope.optional(),
      /** Probability from which the fast tier's answer stands. */
      decisive: z.number(),
    })
    .optional(),
  examples: z.array(z.strictObject({ text: z.string(), label: z.int(), vector: z.base64() })).optional(),
  card: card.optional(),
});

export type Head = z.output<typeof headSchema>;
export type ModelCard = z.output<typeof card>;
export type Figures = z.output<typeof figures>;

/** Longest head file that is read. */
const MOST_BYTES = 64 * 1024 ** 2;

/** @throws WeirError `model.unavailable` when it is no head. */
export function parseHead(text: string, source: string): Head {
  if (text.length > MOST_BYTES) throw new WeirError('model.unavailable', `${source} is longer than 64 MiB`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new WeirError('model.unavailable', `${source} is not JSON`, { cause });
  }
  // Few heads are read: compiling the schema takes longer than that.
  const head = headSchema.safeParse(json, { jitless: true });
  if (head.success) return head.data;
  const [issue] = head.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new WeirError('model.unavailable', `${source} is no head: ${path === '' ? '' : `${path}: `}${issue?.message}`, {
    path,
    hint: 'a file that weir train has written',
  });
}

/** A head of a kind, as its file says. @throws WeirError `model.unavailable`, also where it is of another kind. */
export function readHeadOf(file: string, kind: string): Head {
  const head = readHead(file);
  if (head.kind === kind) return head;
  throw new WeirError('model.unavailable', `${file} is a head for ${head.kind}, not for ${kind}`, {
    hint: kind === 'routes' ? 'a file of weir train routes' : `a file of weir train head --kind ${kind}`,
  });
}

/** @throws WeirError `model.unavailable`. */
export function readHead(file: string): Head {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WeirError('model.unavailable', `The head ${file} cannot be read`, { cause });
  }
  return parseHead(text, file);
}
