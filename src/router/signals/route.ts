import { definedKinds } from './defined-kinds.js';

/** Which of the routes of the configuration the text belongs to. */
export const route = definedKinds({
  type: 'route',
  summary: 'Which of `router.routes`, each told by a few examples, the text belongs to.',
  scoreMeaning: 'calibrated probability that the text belongs to the routes that are asked for',
  labelMeaning: 'the likeliest route, where the text belongs to one',
  any: 'True when the text belongs to one of these routes; without it, to any.',
  plural: 'routes',
  names: ['refund', 'complaint'],
  classifier: learned => learned.routes(),
});
