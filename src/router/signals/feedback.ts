import { z } from 'zod';
import type { SignalInput } from '#contract/signal.js';
import { kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';

/** What a message can say of the answer before it. */
export const FEEDBACK = ['satisfied', 'need_clarification', 'wrong_answer', 'want_different'] as const;

const schema = kindsSchema(z.enum(FEEDBACK).meta({ title: 'feedback' }), FEEDBACK.length, {
  any: 'True when the message says one of these of the answer before it; without it, any.',
  above: 'True when these are together likelier than this.',
  below: 'False when they are less likely than this; in between the signal is unknown.',
}).meta({ examples: ['wrong_answer', ['wrong_answer', 'want_different'], { any: ['satisfied'], above: 0.7 }] });

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
  check: thresholdProblems,
  build(name, options, { learned }) {
    const { any: wanted = FEEDBACK, above, below, whenBusy = learned.whenBusy, scope } = wholeKinds(options);
    return learnedSignal(name, 'feedback', learned.head('feedback'), {
      wanted,
      without: afterNoAnswer,
      together: 'sum',
      above,
      below,
      scope,
      whenBusy,
    });
  },
};

function afterNoAnswer({ request }: SignalInput): string | undefined {
  return request.messages.some(({ role }) => role === 'assistant') ? undefined : 'no answer came before';
}
