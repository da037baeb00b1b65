import { safetySignal } from './safety-signal.js';

/** Whether a request is hazardous. */
export const unsafe = safetySignal(
  'unsafe',
  'Whether a request is hazardous, by any of the groups of `hazard`.',
  0.84,
  'last_user',
);
