import { safetySignal } from './safety-signal.js';

/** Whether a sentence in retrieved or tool content gives orders to the model. */
export const injection = safetySignal(
  'injection',
  'Whether a sentence in retrieved or tool content gives orders to the model that reads it.',
  0.82,
  'content',
);
