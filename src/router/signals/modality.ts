import { z } from 'zod';
import type { InferenceRequest } from '#contract/request.js';
import type { SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { MEDIA } from './modality/vocabulary.js';
import { wantedMedium } from './modality/wanted.js';
import { scopedTexts } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';

const GIVEN = ['image', 'audio', 'file'] as const;
type Given = (typeof GIVEN)[number];

const schema = z
  .strictObject({
    wanted: z
      .array(z.enum(MEDIA))
      .min(1)
      .max(MEDIA.length)
      .optional()
      .describe('True when the last user message asks for one of these to be made.'),
    given: z
      .array(z.enum(GIVEN))
      .min(1)
      .max(GIVEN.length)
      .optional()
      .describe('True when the conversation has one of these in it, in messages or in results of tools.'),
    above: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe('How sure a rule has to be: above 0.6 captions alone do not count, above 0.8 verbs alone do not.'),
  })
  .refine(options => options.wanted ?? options.given, { message: 'at least one of wanted, given' });

type ModalityOptions = z.output<typeof schema>;

/** What kind of answer is asked for, and what kind of content came with the question. */
export const modality: SignalType<ModalityOptions> = {
  type: 'modality',
  summary: 'Whether an image, audio or video is asked for, by rules in ten languages, and what came with the request.',
  scoreMeaning: 'how sure the rule is: 1 a thing and to make it, 0.8 a verb that means both, 0.6 a caption, 0 for text',
  labelMeaning: 'the medium asked for',
  labels: MEDIA,
  cost: { tier: 'inline', microseconds: 30 },
  schema,
  check: ({ wanted = [], given = [] }) => [...twice(wanted, 'wanted'), ...twice(given, 'given')],
  build: (name, options) => ({
    name,
    type: 'modality',
    cost: modality.cost,
    evaluate: ({ request }) => evaluate(options, request),
  }),
};

function twice(words: readonly string[], key: string): OptionProblem[] {
  return words.flatMap((word, index): OptionProblem[] =>
    words.indexOf(word) === index
      ? []
      : [{ code: 'config.duplicate', path: [key, index], message: `${word} stands twice` }],
  );
}

function evaluate({ wanted, given, above }: ModalityOptions, request: InferenceRequest): SignalValue {
  const told = wantedMedium(scopedTexts(request, 'last_user').texts.join('\n'));
  const isSure = told.strength > above;
  const label = isSure ? told.medium : 'text';
  const score = isSure ? told.strength : 0;
  const found = given === undefined ? undefined : firstGiven(request, given);
  const holds = (wanted?.includes(label) ?? true) && (given === undefined || found !== undefined);
  const asked = isSure ? `${label} by ${quoted(told.words)}` : 'text';
  const said = given === undefined ? asked : `${asked}, ${found ?? `no ${given.join(' or ')}`} given`;
  return { state: holds ? 'true' : 'false', score, label, evidence: evidence(said) };
}

function firstGiven({ messages }: InferenceRequest, given: readonly Given[]): Given | undefined {
  for (const { content } of messages) {
    for (const part of content) {
      const { type } = part;
      if ((type === 'image' || type === 'audio' || type === 'file') && given.includes(type)) return type;
      if (part.type !== 'tool_result' || part.media === undefined) continue;
      const brought = part.media.find(medium => given.includes(medium.type));
      if (brought !== undefined) return brought.type;
    }
  }
  return undefined;
}
