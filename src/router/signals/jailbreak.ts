import { safetySignal } from './safety-signal.js';

/** Whether a user tries to talk the model out of its rules. */
export const jailbreak = safetySignal(
  'jailbreak',
  'Whether a user tries to talk the model out of its rules.',
  0.78,
  'last_user',
);
