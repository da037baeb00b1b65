import { z } from 'zod';
import { share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

const schema = z.strictObject({
  above: share.default(0.5).describe('True when the request is hard with a higher probability than this.'),
  below: share
    .optional()
    .describe(
      'False when it is hard with a lower probability than this; `above` unless said, which leaves nothing unknown.',
    ),
  when_busy: whenBusySchema,
  in: scopeSchema,
});

type ComplexityOptions = z.output<typeof schema>;

/** How likely it is that most models get the request wrong. */
export const complexity: SignalType<ComplexityOptions> = {
  type: 'complexity',
  summary: 'How likely it is that most models get the request wrong, by what many did on exam questions.',
  scoreMeaning: 'calibrated probability that the request is hard',
  labelMeaning: '`hard` or `easy`, where one of them is likely enough',
  labels: ['easy', 'hard'],
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
    return learnedSignal(name, 'complexity', learned.head('complexity'), {
      wanted: ['hard'],
      together: 'sum',
      above,
      below: below ?? above,
      scope,
      whenBusy: when_busy ?? learned.whenBusy,
    });
  },
};
