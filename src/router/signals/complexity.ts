import { likelihoodSignal } from './likelihood.js';

/** How likely it is that most models get the request wrong. */
export const complexity = likelihoodSignal({
  type: 'complexity',
  label: 'hard',
  labels: ['easy', 'hard'],
  says: 'is hard',
  summary: 'How likely it is that most models get the request wrong, by what many did on exam questions.',
});
