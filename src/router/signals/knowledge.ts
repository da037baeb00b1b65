import type { z } from 'zod';
import { identifier } from '#contract/schema.js';
import { kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';
import { wordIndex } from './word-index.js';

const schema = kindsSchema(identifier, 64, {
  any: 'True when one of these knowledge bases holds what the text asks for; without it, when any does.',
  above: 'True when the likeliest of these bases is likelier than this.',
  below: 'False when all of them are less likely than this; in between the signal is unknown.',
}).meta({ examples: ['handbook', ['handbook', 'products'], { any: ['handbook'], above: 0.7 }] });

type KnowledgeOptions = z.output<typeof schema>;

/** Which of the knowledge bases of the configuration holds what the text asks for. */
export const knowledge: SignalType<KnowledgeOptions> = {
  type: 'knowledge',
  summary: 'Which of `router.knowledge`, each the files of a knowledge base, holds what the text asks for.',
  scoreMeaning: 'calibrated probability that the bases that are asked for hold it',
  labelMeaning: 'the likeliest base, where one holds it',
  cost: LEARNED_COST,
  schema,
  check: thresholdProblems,
  build(name, options, { learned }) {
    const { any: wanted, above, below, whenBusy = learned.whenBusy, scope } = wholeKinds(options);
    return learnedSignal(name, 'knowledge', learned.knowledge(wordIndex), {
      wanted,
      together: 'likeliest',
      above,
      below,
      scope,
      whenBusy,
    });
  },
};

/** The knowledge bases that a signal of this type asks for by name. */
export function wantedKnowledge(options: unknown): readonly string[] {
  const given = options as KnowledgeOptions;
  return typeof given === 'string' ? [given] : Array.isArray(given) ? given : (given.any ?? []);
}
