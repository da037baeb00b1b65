import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import type { ClassifierTask, ScoreKind } from '#contract/learned.js';

/** Longest `config.json` that is read: ten thousand labels are less. */
const MOST_BYTES = 1024 ** 2;
const MOST_LABELS = 1024;

const config = z.object({
  id2label: z.record(z.string().regex(/^\d{1,5}$/), z.string().min(1).max(128)),
  problem_type: z.string().nullish(),
  architectures: z.array(z.string().max(256)).max(16).nullish(),
});

/** What the scores of a classifier mean. */
export interface Labels {
  readonly labels: readonly string[];
  readonly scores: ScoreKind;
  /** What is classified: texts, or tokens of entities. */
  readonly task: ClassifierTask;
}

/**
 * The labels in a published classifier's `config.json`. Its `problem_type` says whether they exclude one another; without one they do, but
 * for a single label, which stands against its absence. Its `architectures` say whether it classifies tokens.
 *
 * @throws WeirError `model.unavailable`.
 */
export function readLabels(file: string): Labels {
  let json: unknown;
  try {
    if (statSync(file).size > MOST_BYTES) throw new RangeError('longer than 1 MiB');
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new WeirError('model.unavailable', `The labels of a classifier cannot be read from ${file}`, { cause });
  }
  const read = config.safeParse(json);
  if (!read.success) throw new WeirError('model.unavailable', `${file} has no labels under id2label`);
  const { id2label, problem_type: problem, architectures } = read.data;
  const labels = Array.from({ length: Object.keys(id2label).length }, (_, at) => id2label[at]);
  if (labels.length === 0 || labels.length > MOST_LABELS || !labels.every(label => label !== undefined)) {
    throw new WeirError('model.unavailable', `${file} does not number its labels from 0 to at most ${MOST_LABELS - 1}`);
  }
  if (new Set(labels).size < labels.length) {
    throw new WeirError('model.unavailable', `${file} names two labels alike`);
  }
  const apart = problem === 'multi_label_classification' || labels.length === 1;
  const tokens = architectures?.some(name => name.endsWith('ForTokenClassification')) ?? false;
  return { labels, scores: apart ? 'sigmoid' : 'softmax', task: tokens ? 'entities' : 'text' };
}
