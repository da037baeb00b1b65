import { z } from 'zod';
import type { InferenceRequest } from '#contract/request.js';
import type { SignalInput } from '#contract/signal.js';
import { type CountRange, countRangeSchema, emptyRange, inRange } from './count-range.js';
import type { SignalType } from './signal-type.js';

const schema = z
  .strictObject({
    turns: countRangeSchema.optional().describe('User messages so far, this one included.'),
    messages: countRangeSchema.optional().describe('Messages of any role.'),
    tools: countRangeSchema.optional().describe('Tools the caller offers.'),
    tool_calls: countRangeSchema.optional().describe('Tool calls the assistant has made.'),
    tool_loop: z
      .boolean()
      .optional()
      .describe('Whether the assistant is in the middle of using tools: the last message is a tool result.'),
    images: countRangeSchema.optional().describe('Images in the conversation.'),
  })
  .refine(options => Object.values(options).some(value => value !== undefined), {
    message: 'at least one of turns, messages, tools, tool_calls, tool_loop, images',
  });

type ConversationOptions = z.output<typeof schema>;
type Feature = keyof ConversationOptions;

/** In the order in which the first one stated gives the score. */
const MEASURES: Readonly<Record<Feature, (input: SignalInput) => number>> = {
  turns: ({ profile }) => profile.turn,
  messages: ({ request }) => request.messages.length,
  tools: ({ request }) => request.tools.length,
  tool_calls: ({ request }) => countParts(request, 'tool_call'),
  tool_loop: ({ request }) => (inToolLoop(request) ? 1 : 0),
  images: ({ request }) => countParts(request, 'image'),
};

/** The shape of the conversation. */
export const conversation: SignalType<ConversationOptions> = {
  type: 'conversation',
  summary: 'The shape of the conversation: turns, messages, tools, tool calls, tool loop, images.',
  scoreMeaning:
    'the count of the first feature stated, in the order turns, messages, tools, tool_calls, tool_loop, images',
  cost: { tier: 'inline', microseconds: 1 },
  schema,
  check: options =>
    stated(options).flatMap(([feature, range]) => {
      const problem = emptyRange(range);
      return problem === undefined ? [] : [{ code: 'config.range' as const, path: [feature], message: problem }];
    }),
  build: (name, options) => {
    const conditions = stated(options).map(([feature, range]) => ({ feature, range, measure: MEASURES[feature] }));
    return {
      name,
      type: 'conversation',
      cost: conversation.cost,
      evaluate: input => {
        let score: number | undefined;
        for (const { feature, range, measure } of conditions) {
          const count = measure(input);
          score ??= count;
          if (!inRange(count, range)) return { state: 'false', score, evidence: said(feature, count) };
        }
        const first = conditions[0]?.feature ?? 'turns';
        return { state: 'true', score: score ?? 0, evidence: said(first, score ?? 0) };
      },
    };
  },
};

/** Counts below this are put into words once. */
const MAX_KEPT = 64;
const KEPT = Object.fromEntries(Object.keys(MEASURES).map(feature => [feature, []])) as unknown as Readonly<
  Record<Feature, string[]>
>;

function said(feature: Feature, count: number): string {
  const kept = KEPT[feature][count];
  if (kept !== undefined) return kept;
  const text = `${feature} ${count}`;
  if (count < MAX_KEPT) KEPT[feature][count] = text;
  return text;
}

function stated(options: ConversationOptions): [Feature, CountRange][] {
  return (Object.keys(MEASURES) as Feature[]).flatMap(feature => {
    const range = options[feature];
    return range === undefined ? [] : [[feature, range] satisfies [Feature, CountRange]];
  });
}

function countParts(request: InferenceRequest, type: 'tool_call' | 'image'): number {
  let count = 0;
  for (const message of request.messages) for (const part of message.content) if (part.type === type) count++;
  return count;
}

function inToolLoop({ messages }: InferenceRequest): boolean {
  const last = messages.at(-1);
  return last?.role === 'tool' || last?.content.at(-1)?.type === 'tool_result';
}
