import { likelihoodSignal } from './likelihood.js';

/** Whether the request seeks facts that can be checked against the world. */
export const factual = likelihoodSignal({
  type: 'factual',
  label: 'factual',
  labels: ['factual', 'other'],
  says: 'seeks facts',
  summary: 'Whether the request seeks facts that can be checked against the world.',
});
