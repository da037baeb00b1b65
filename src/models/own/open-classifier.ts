import type { Embedder } from '#contract/embedder.js';
import { WeirError } from '#contract/errors.js';
import type { Classifier, ClassifierSettings } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import type { ModelSpec } from '#models/runtime/messages.js';
import type { Labels } from './label-file.js';
import type { ModelFiles } from './model-files.js';
import { OnnxClassifier } from './onnx-classifier.js';
import { readTags } from './tags.js';
import { TokenClassifier } from './token-classifier.js';

/** The label of what is no entity, as nearly every model has it. */
export const OUTSIDE = 'O';

/**
 * A classifier of the operator's own, of whole texts or of tokens, by what its files and its settings say.
 *
 * @param scorerOf opens the model behind its queue.
 * @throws WeirError `model.unavailable` where the two do not go together.
 */
export function openOwnClassifier(
  settings: ClassifierSettings,
  files: ModelFiles,
  labels: Labels,
  scorerOf: (spec: ModelSpec) => Embedder,
  patienceMs: Milliseconds,
): Classifier {
  const { prefix, length, temperature, neutral = OUTSIDE, aggregation } = settings;
  const { file, tokenizer } = files;
  if ((settings.task ?? labels.task) === 'text') {
    if (aggregation !== undefined) {
      throw new WeirError('model.unavailable', `${file} classifies whole texts: there are no tokens to aggregate`, {
        hint: 'task: entities, where it classifies tokens',
      });
    }
    const dimension = labels.labels.length;
    const spec = { kind: 'onnx', file, tokenizer, pooling: 'scores', prefix, length, dimension } as const;
    return new OnnxClassifier(settings, labels, { scorer: scorerOf(spec), patienceMs });
  }
  if (!labels.labels.includes(neutral)) {
    throw new WeirError('model.unavailable', `${files.config} has no label ${neutral} for what is no entity`, {
      hint: `neutral: one of ${labels.labels.slice(0, 8).join(', ')}`,
    });
  }
  const { types, tags } = readTags(labels.labels, neutral);
  // Labels of tokens exclude one another unless it is said that they do not.
  const scores = settings.scores ?? 'softmax';
  const spec = {
    kind: 'tokens',
    ...{ file, tokenizer, prefix, length, tags, scores, temperature },
    aggregation: aggregation ?? 'first',
  } as const;
  return new TokenClassifier(settings, neutral, types, { scorer: scorerOf(spec), patienceMs });
}
