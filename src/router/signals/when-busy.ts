import { z } from 'zod';

export const whenBusySchema = z
  .enum(['fast', 'unknown', 'wait'])
  .optional()
  .describe('What to do when the model is busy; `router.learned.when_busy` unless said.');
