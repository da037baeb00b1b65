import { z } from 'zod';
import { share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

const schema = z.strictObject({
  above: share.default(0.5).describe('True when the request seeks facts with a higher probability than this.'),
  below: share
    .optional()
    .describe(
      'False when it does with a lower probability than this; `above` unless said, which leaves nothing unknown.',
    ),
  when_busy: whenBusySchema,
  in: scopeSchema,
});

type FactualOptions = z.output<typeof schema>;

/** Whether the request seeks facts that can be checked against the world. */
export const factual: SignalType<FactualOptions> = {
  type: 'factual',
  summary: 'Whether the request seeks facts that can be checked against the world.',
  scoreMeaning: 'calibrated probability that the request seeks facts',
  labelMeaning: '`factual` or `other`, where one of them is likely enough',
  labels: ['factual', 'other'],
  cost: LEARNED_COST,
  schema,
  check: ({ above, below }) =>
    below !== undefined && below > above
      ? [
          {
            code: 'config.range',
            path: ['below'],
            message: 'nothing is below this and not above',
            hint: 'at most above',
          },
        ]
      : [],
  build(name, { above, below, when_busy, in: scope }, { learned }) {
    return learnedSignal(name, 'factual', learned.head('factual'), {
      wanted: ['factual'],
      together: 'sum',
      above,
      below: below ?? above,
      scope,
      whenBusy: when_busy ?? learned.whenBusy,
    });
  },
};
