import { z } from 'zod';
import type { InferenceRequest } from '#contract/request.js';
import { share } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { LanguageGate } from './language-gate.js';
import { learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import { firstGiven, GIVEN, type Given } from './modality/given.js';
import { lexicon } from './modality/lexicon.js';
import { RuledHead } from './modality/ruled-head.js';
import { MEDIA, type Medium } from './modality/vocabulary.js';
import { wantedMedium } from './modality/wanted.js';
import { scopedTexts } from './scope.js';
import type { OptionProblem, PreparedEvaluator, SignalPorts, SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

/** False below this probability unless said. */
const BELOW = 0.3;

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
    by: z
      .enum(['rules', 'learned', 'both'])
      .default('rules')
      .describe(
        'What tells what is wanted: rules in ten languages, a trained head that knows English, or both together.',
      ),
    above: z
      .number()
      .min(0)
      .lt(1)
      .default(0.5)
      .describe(
        'How sure a rule has to be: above 0.6 captions alone do not count, above 0.8 verbs alone do not. By `learned` and `both`: true when what is wanted is likelier than this.',
      ),
    below: share
      .optional()
      .describe(
        `By \`learned\` and \`both\`: false when what is wanted is less likely than this, unknown in between; ${BELOW} unless said, or \`above\` where that is less.`,
      ),
    when_busy: whenBusySchema,
  })
  .refine(options => options.wanted ?? options.given, { message: 'at least one of wanted, given' });

type ModalityOptions = z.output<typeof schema>;

/** What kind of answer is asked for, and what kind of content came with the question. */
export const modality: SignalType<ModalityOptions> = {
  type: 'modality',
  summary:
    'Whether an image, audio or video is asked for, by rules in ten languages or a trained head, and what came with the request.',
  scoreMeaning:
    'how sure the rule is: 1 a thing and to make it, 0.8 a verb that means both, 0.6 a caption, 0 for text; by `learned` and `both` the calibrated probability of what is wanted',
  labelMeaning: 'the medium asked for',
  labels: MEDIA,
  cost: { tier: 'inline', microseconds: 30 },
  schema,
  check: options => [
    ...twice(options.wanted ?? [], 'wanted'),
    ...twice(options.given ?? [], 'given'),
    ...thresholdProblems(options),
    ...unheard(options),
  ],
  build: (name, options, ports) => {
    // Here, so that it is not the first request that waits for it.
    if (options.by !== 'learned') lexicon();
    return options.by === 'rules' || options.wanted === undefined
      ? { name, type: 'modality', cost: modality.cost, evaluate: ({ request }) => byRules(options, request) }
      : byHead(name, options, options.wanted, ports);
  },
};

function twice(words: readonly string[], key: string): OptionProblem[] {
  return words.flatMap((word, index): OptionProblem[] =>
    words.indexOf(word) === index
      ? []
      : [{ code: 'config.duplicate', path: [key, index], message: `${word} stands twice` }],
  );
}

/** Options of the head where no head is asked, and a head that is asked for nothing. */
function unheard(options: ModalityOptions): OptionProblem[] {
  if (options.by !== 'rules') {
    const message = `${options.by} tells what is wanted, and nothing is`;
    return options.wanted === undefined
      ? [{ code: 'config.invalid', path: ['by'], message, hint: 'wanted: [image]' }]
      : [];
  }
  return (['below', 'when_busy'] as const).flatMap((key): OptionProblem[] =>
    options[key] === undefined
      ? []
      : [
          {
            code: 'config.invalid',
            path: [key],
            message: `${key} is of the trained head, which is not asked here`,
            hint: 'by: learned or by: both',
          },
        ],
  );
}

function byRules({ wanted, given, above }: ModalityOptions, request: InferenceRequest): SignalValue {
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

function byHead(
  name: string,
  options: ModalityOptions,
  wanted: readonly Medium[],
  { learned }: SignalPorts,
): PreparedEvaluator {
  const { given, by, above, below = Math.min(BELOW, above), when_busy: whenBusy } = options;
  const head = new LanguageGate(learned.head('modality'));
  return learnedSignal(name, 'modality', by === 'both' ? new RuledHead(head) : head, {
    wanted,
    ...(given !== undefined && { without: ({ request }: SignalInput) => lacking(request, given) }),
    together: 'sum',
    above,
    below,
    scope: 'last_user',
    whenBusy: whenBusy ?? learned.whenBusy,
  });
}

function lacking(request: InferenceRequest, given: readonly Given[]): string | undefined {
  return firstGiven(request, given) === undefined ? `no ${given.join(' or ')} given` : undefined;
}
