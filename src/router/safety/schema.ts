import { z } from 'zod';
import { identifier, name, share } from '#contract/schema.js';
import { HAZARDS } from './hazard-classifier.js';

/** What is done about what a rule finds, the mildest first. */
export const ACTIONS = ['log', 'header', 'redact', 'block'] as const;
export type Action = (typeof ACTIONS)[number];

/** What the heads’ own thresholds come to. */
export const JAILBREAK_ABOVE = 0.78;
export const INJECTION_ABOVE = 0.82;
export const UNSAFE_ABOVE = 0.84;
export const HAZARD_ABOVE = 0.4;

const mode = z
  .enum(['off', ...ACTIONS])
  .describe(
    '`log` notes it in the record and the metrics; `header` names the rule in the answer’s `x-weir-safety` too; `redact` sends the request on without what was found; `block` refuses the request.',
  );

const above = (value: number) => share.default(value).describe('Found when it is likelier than this.');
const plain = (said: string) => mode.default('off').describe(said);
const level = (value: number, said: string) =>
  z
    .union([mode, z.strictObject({ mode, above: above(value) })])
    .default('off')
    .describe(said);

const rules = z
  .strictObject({
    jailbreak: level(JAILBREAK_ABOVE, 'L1: user turns that talk the model out of its rules.'),
    injection: level(INJECTION_ABOVE, 'L1: sentences in retrieved and tool content that give orders to the model.'),
    unsafe: level(UNSAFE_ABOVE, 'L1: hazardous user turns.'),
    hazard: z
      .union([
        mode,
        z.strictObject({
          mode,
          any: z
            .array(z.enum(HAZARDS))
            .min(1)
            .max(HAZARDS.length)
            .optional()
            .describe('These groups; any unless said.'),
          above: above(HAZARD_ABOVE),
        }),
      ])
      .default('off')
      .describe('L2: hazardous user turns of some groups; asked only where L1 fires.'),
    disguise: plain(
      'L0: hidden and encoded text. `redact` takes out what nobody sees and leaves encoded text to the other rules.',
    ),
    template: plain('L0: jailbreaks that are known by their words.'),
    role_marks: plain('L0: marks of chat templates in texts, such as `<|im_start|>`.'),
  })
  .prefault({});

const conversation = z.strictObject({
  safer: share.default(0.5).describe('Risk from which only `models` are asked, where there are any.'),
  cooler: share.default(0.6).describe('Risk from which the temperature is lowered.'),
  cut: share
    .default(0.75)
    .describe(
      'Risk from which the turns from the one where it began up to the present are taken out of what the engine is sent.',
    ),
  flag: share
    .default(0.85)
    .describe('Risk from which the request is flagged for a person: in the record, the metrics and `x-weir-safety`.'),
  models: z.array(name).min(1).max(64).optional().describe('The safer models, the best first.'),
  temperature: z.number().min(0).max(2).default(0.2).describe('The temperature it is lowered to.'),
});

/** The `router.safety:` block. */
export const safetySchema = z.strictObject({
  rules: rules.describe('What is looked for, and what is done about it.'),
  child_safety: z
    .strictObject({
      mode: z.enum(ACTIONS).default('block').describe('What is done; it cannot be switched off.'),
      head: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe('Your own classifier beside the rules: a head file of `weir train`.'),
      classifier: identifier.optional().describe('Or an ONNX model: one of `router.learned.classifiers`.'),
      label: z.string().max(128).default('unsafe').describe('The label of that head or model that is looked for.'),
      above: above(0.5),
    })
    .refine(({ head, classifier }) => head === undefined || classifier === undefined, {
      message: 'at most one of head, classifier',
    })
    .prefault({})
    .describe(
      'Sexual content about children: a tier of rules that is always on, and a place for a classifier of your own.',
    ),
  fail: z
    .enum(['open', 'closed'])
    .default('closed')
    .describe(
      'What becomes of a request of which a rule with `redact` or `block` cannot tell: it goes on, or is refused.',
    ),
  refuse: z
    .enum(['error', 'answer'])
    .default('error')
    .describe('How a request is refused: by an error in the form of its API, or by `message` as an ordinary answer.'),
  message: z
    .string()
    .min(1)
    .max(1024)
    .default('This request was declined.')
    .describe('What the caller is told; which rule it was stands in the record only.'),
  conversation: conversation
    .optional()
    .describe('Risk over all turns of a conversation, and the response to it by degrees.'),
  leakage: z
    .enum(['off', 'log', 'header', 'redact', 'block'])
    .default('off')
    .describe(
      'What is done when an answer repeats the system prompt: `redact` takes the passage out, `block` ends the answer.',
    ),
});

export type SafetyConfig = z.output<typeof safetySchema>;

interface Leveled {
  readonly mode: 'off' | Action;
  readonly above: number;
  readonly any?: readonly (typeof HAZARDS)[number][] | undefined;
}

/** A rule with everything said that may be left out. */
export function leveled(rule: 'off' | Action | Leveled, above: number): Leveled {
  return typeof rule === 'string' ? { mode: rule, above } : rule;
}
