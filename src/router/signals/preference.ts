import { definedKinds } from './defined-kinds.js';

/** Which of the preferences of the configuration the text belongs to. */
export const preference = definedKinds({
  type: 'preference',
  summary: 'Which of `router.preferences`, each described in a sentence, the text belongs to.',
  scoreMeaning: 'calibrated probability that the text belongs to the preferences that are asked for',
  labelMeaning: 'the likeliest preference, where the text belongs to one',
  any: 'True when the text belongs to one of these preferences; without it, to any.',
  plural: 'preferences',
  names: ['code_review', 'travel'],
  classifier: learned => learned.preferences(),
});
