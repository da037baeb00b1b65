import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import { GLOSSARIES } from './glossary.js';

/** Longest file that is read. */
const MOST_BYTES = 16 * 1024 ** 2;

/** Rows of 8-bit weights, each with its scale, over n-grams and (in `model`) the numbers of a vector behind them. */
const rows = z.strictObject({
  rows: z.base64(),
  scales: z.array(z.number()),
  bias: z.array(z.number()),
  /** Scores become probabilities by `σ(slope · score + offset)`, or where there are several rows by `softmax(slope · scores)`. */
  slope: z.number(),
  offset: z.number(),
});

/** Most bytes of examples. */
const MOST_EXAMPLE_BYTES = 4 * 1024 ** 2;

/** Examples that the vector is compared with: see `KernelWeights`. */
const kernel = z.strictObject({
  degree: z.int().min(1).max(16),
  examples: z.base64().max(2 * MOST_EXAMPLE_BYTES),
  step: z.number().positive(),
  says: z.base64().max(2 * MOST_EXAMPLE_BYTES),
  scales: z.array(z.number()),
});

const interval = z.tuple([z.number(), z.number()]);

const share = z.strictObject({ texts: z.int(), share: z.number(), interval });

const card = z.strictObject({
  summary: z.string(),
  trained: z.string(),
  data: z.array(z.strictObject({ name: z.string(), licence: z.string(), texts: z.int() })),
  /** Training texts left out of a fold because a text that is held out of it is nearly the same (cosine above this), over all folds. */
  duplicates: z.strictObject({ above: z.number(), removed: z.int() }),
  /** Of kernel ridge regression: λ, and the degree of the kernel, as cross-fitting chose them. */
  chosen: z.strictObject({ ridge: z.number(), degree: z.int() }).optional(),
  /** Each text judged by a model that saw neither it nor its like: share said to be positive (or right, of several classes), by source. */
  results: z.record(z.string(), z.record(z.string(), share)),
  /** Expected calibration error over 15 bins. */
  ece: z.record(z.string(), z.number()),
  /** Recall and precision of each label by the model tier, where there are several. */
  labels: z.record(z.string(), z.strictObject({ texts: z.int(), recall: z.number(), precision: z.number() })),
  /** Share of the texts that the transformer had to read. */
  escalated: z.number(),
  failures: z.array(z.string()),
});

const hybridSchema = z.strictObject({
  format: z.literal(1),
  form: z.literal('hybrid'),
  kind: z.string(),
  /** With two labels the second is what is looked for. */
  labels: z.array(z.string()).min(2).max(64),
  reads: z.enum(['windows', 'sentences']),
  /** Characters that the transformer reads of a text of more than 2,048; 0 where n-grams decide alone about these. */
  excerpt: z.int().min(0).max(768).default(256),
  /** Probability from which the second of two labels is said; of several labels, what the likeliest must reach. */
  threshold: z.number().min(0).max(1),
  buckets: z.int().min(1024).max(65_536),
  /** How rare each n-gram is, `ln((N + 1) / (n + 1))` in units of `idf.scale`, one byte a bucket of the counter. */
  idf: z.strictObject({ bytes: z.base64(), scale: z.number() }),
  /** The n-grams alone: the fast tier. Its word stands below `low` and above `high`. */
  fast: rows.extend({ low: z.number(), high: z.number() }),
  /** With a kernel the rows are over n-grams alone. */
  model: rows.extend({ embedder: z.string(), width: z.int(), kernel: kernel.optional() }),
  /** Texts of this language are read word by word in English; the vector is then that of the text and that of its gloss, one behind the other. */
  glossary: z.enum(GLOSSARIES).optional(),
  card: card.optional(),
});

export type HybridHead = z.output<typeof hybridSchema>;
export type HybridCard = z.output<typeof card>;
export type HybridRows = z.output<typeof rows>;

/** @throws WeirError `model.unavailable`. */
export function readHybrid(file: string): HybridHead {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > MOST_BYTES) throw new RangeError('longer than 16 MiB');
    return hybridSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new WeirError('model.unavailable', `The head ${file} cannot be used`, { cause });
  }
}
