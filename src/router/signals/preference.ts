import type { z } from 'zod';
import { identifier } from '#contract/schema.js';
import { kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';

const schema = kindsSchema(identifier, 64, {
  any: 'True when the text belongs to one of these preferences; without it, to any.',
  above: 'True when the likeliest of these preferences is likelier than this.',
  below: 'False when all of them are less likely than this; in between the signal is unknown.',
}).meta({ examples: ['code_review', ['code_review', 'travel'], { any: ['travel'], above: 0.7 }] });

type PreferenceOptions = z.output<typeof schema>;

/** Which of the preferences of the configuration the text belongs to. */
export const preference: SignalType<PreferenceOptions> = {
  type: 'preference',
  summary: 'Which of `router.preferences`, each described in a sentence, the text belongs to.',
  scoreMeaning: 'calibrated probability that the text belongs to the preferences that are asked for',
  labelMeaning: 'the likeliest preference, where the text belongs to one',
  cost: LEARNED_COST,
  schema,
  check: thresholdProblems,
  build(name, options, { learned }) {
    const { any: wanted, above, below, whenBusy = learned.whenBusy, scope } = wholeKinds(options);
    return learnedSignal(name, 'preference', learned.preferences(), {
      wanted,
      together: 'likeliest',
      above,
      below,
      scope,
      whenBusy,
    });
  },
};

/** The preferences that a signal of this type asks for by name. */
export function wantedPreferences(options: unknown): readonly string[] {
  const given = options as PreferenceOptions;
  return typeof given === 'string' ? [given] : Array.isArray(given) ? given : (given.any ?? []);
}
