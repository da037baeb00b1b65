import { z } from 'zod';
import { share } from '#contract/schema.js';
import type { SignalInput } from '#contract/signal.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

/** What a message can say of the answer before it. */
export const FEEDBACK = ['satisfied', 'need_clarification', 'wrong_answer', 'want_different'] as const;

const feedbackKind = z.enum(FEEDBACK).meta({ title: 'feedback' });
const feedbackKinds = z.array(feedbackKind).min(1).max(FEEDBACK.length);

const schema = z
  .union([
    feedbackKind,
    feedbackKinds,
    z.strictObject({
      any: feedbackKinds
        .optional()
        .describe('True when the message says one of these of the answer before it; without it, any.'),
      above: share.default(0.5).describe('True when these are together likelier than this.'),
      below: share
        .default(0.3)
        .describe('False when they are less likely than this; in between the signal is unknown.'),
      when_busy: whenBusySchema,
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['wrong_answer', ['wrong_answer', 'want_different'], { any: ['satisfied'], above: 0.7 }] });

type FeedbackOptions = z.output<typeof schema>;

/** What the user says of the answer before. */
export const feedback: SignalType<FeedbackOptions> = {
  type: 'feedback',
  summary: 'What the user says of the answer before: satisfied, unclear, wrong, or something else wanted.',
  scoreMeaning: 'calibrated probability of what is asked for; that it is feedback at all when nothing is',
  labelMeaning: 'the likeliest kind, or `none`, where it is likely enough',
  labels: [...FEEDBACK, 'none'],
  cost: LEARNED_COST,
  schema,
  check: options =>
    typeof options === 'object' && 'below' in options && options.below > options.above
      ? [
          {
            code: 'config.range',
            path: ['below'],
            message: 'nothing is below this and not above',
            hint: 'at most above',
          },
        ]
      : [],
  build(name, options, { learned }) {
    const full = typeof options === 'string' ? { any: [options] } : Array.isArray(options) ? { any: options } : options;
    const {
      above,
      below,
      when_busy,
      in: scope,
    } = 'above' in full ? full : { above: 0.5, below: 0.3, when_busy: undefined, in: 'last_user' as const };
    return learnedSignal(name, 'feedback', learned.head('feedback'), {
      wanted: full.any ?? FEEDBACK,
      without: afterNoAnswer,
      together: 'sum',
      above,
      below,
      scope,
      whenBusy: when_busy ?? learned.whenBusy,
    });
  },
};

function afterNoAnswer({ request }: SignalInput): string | undefined {
  return request.messages.some(({ role }) => role === 'assistant') ? undefined : 'no answer came before';
}
