import { definedKinds } from './defined-kinds.js';
import { wordIndex } from './word-index.js';

/** Which of the knowledge bases of the configuration holds what the text asks for. */
export const knowledge = definedKinds({
  type: 'knowledge',
  summary: 'Which of `router.knowledge`, each the files of a knowledge base, holds what the text asks for.',
  scoreMeaning: 'calibrated probability that the bases that are asked for hold it',
  labelMeaning: 'the likeliest base, where one holds it',
  any: 'True when one of these knowledge bases holds what the text asks for; without it, when any does.',
  plural: 'bases',
  names: ['handbook', 'products'],
  classifier: learned => learned.knowledge(wordIndex),
});
