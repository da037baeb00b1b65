import { z } from 'zod';
import { identifier, share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

const label = z.string().min(1).max(128);

const schema = z
  .strictObject({
    name: identifier.describe('One of `router.learned.classifiers`.'),
    any: z
      .array(label)
      .min(1)
      .max(64)
      .optional()
      .describe(
        'True when one of these labels is likely, or an entity of one of these types is there; without it, any but the neutral one.',
      ),
    above: share.default(0.5).describe('True when the likeliest of these labels is likelier than this.'),
    below: share
      .optional()
      .describe('False when all of them are less likely than this; `above` unless said, which leaves nothing unknown.'),
    when_busy: whenBusySchema,
    in: scopeSchema,
  })
  .meta({ examples: [{ name: 'toxicity', any: ['threat'], above: 0.7 }] });

type ClassifierOptions = z.output<typeof schema>;

/** What a classifier of the operator's own says. */
export const classifier: SignalType<ClassifierOptions> = {
  type: 'classifier',
  summary:
    'What a classifier of your own says, or which entities it finds: an ONNX model under `router.learned.classifiers`.',
  scoreMeaning: 'probability of the likeliest of the labels that are asked for, as the model says it',
  labelMeaning: 'the likeliest label, where it is likely enough',
  cost: LEARNED_COST,
  schema,
  check: thresholdProblems,
  build(name, { name: model, any, above, below = above, when_busy: whenBusy, in: scope }, { learned }) {
    const own = learned.classifier(model);
    const wanted = any ?? own.labels.filter(one => one !== own.neutral);
    return learnedSignal(name, 'classifier', own, {
      wanted: wanted.length === 0 ? undefined : wanted,
      together: 'likeliest',
      above,
      below,
      scope,
      whenBusy: whenBusy ?? learned.whenBusy,
    });
  },
};

/** The classifier that a signal of this type asks. */
export function askedClassifier(options: unknown): string {
  return (options as ClassifierOptions).name;
}
