import { z } from 'zod';
import { identifier, name, share, tokens } from '#contract/schema.js';
import { selectSchema } from '#router/selection/schema.js';
import { strategySchema } from '#router/strategy/registry.js';
import { MAX_EXPRESSION } from './parse.js';

/** Headers that belong to the connection or to Weir itself. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headers = z
  .record(
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'a header name')
      .refine(header => !FORBIDDEN_HEADERS.has(header.toLowerCase()), {
        message: 'a header that Weir does not set itself',
      }),
    z.string().regex(/^[\t\x20-\x7e]{0,1024}$/, 'printable ASCII of at most 1,024 characters'),
  )
  .refine(given => Object.keys(given).length <= 32, { message: 'at most 32 headers' });

const text = z.string().min(1).max(65_536);

const systemPrompt = z
  .union([
    text,
    z.strictObject({
      text: text.describe('The text.'),
      mode: z
        .enum(['prepend', 'append', 'replace'])
        .default('prepend')
        .describe("Where it goes: before the caller's system prompt, after it, or in its place."),
    }),
  ])
  .meta({ title: 'system prompt' });

const groundingAction = z
  .enum(['annotate', 'regenerate', 'withhold'])
  .describe(
    '`annotate`: say so in a header, the body or the last event; `regenerate`: ask the next model, for which a stream is held back until its end; `withhold`: an error in its place, a stream ends before the sentence.',
  );

const grounding = z.union([
  groundingAction,
  z.strictObject({
    action: groundingAction,
    threshold: share
      .optional()
      .describe('Probability from which a sentence counts as beyond the context; that of the head unless said.'),
  }),
]);

const energy = z
  .strictObject({
    max_joules: z.number().gt(0).max(1e9).optional().describe('Joules for the whole request.'),
    min_tokens_per_joule: z
      .number()
      .gt(0)
      .max(1e6)
      .optional()
      .describe('Output tokens for each joule (tokens a second for each watt), prefill included.'),
    otherwise: z
      .enum(['best', 'refuse'])
      .default('best')
      .describe('When nothing keeps to it: take the model and replica that need least, or refuse with `route.energy`.'),
  })
  .refine(({ max_joules, min_tokens_per_joule }) => max_joules !== undefined || min_tokens_per_joule !== undefined, {
    message: 'at least one of max_joules, min_tokens_per_joule',
  });

export const decisionSchema = z
  .strictObject({
    name: name.describe('Name of the decision: in headers, metrics, records and tests.'),
    description: z.string().max(1_024).optional().describe('What it is for.'),
    when: z
      .string()
      .min(1)
      .max(MAX_EXPRESSION)
      .describe('The condition, in the policy language; `otherwise` for what no other decision takes.'),
    tier: z.int().min(0).max(1_000).default(1).describe('Lower tiers are asked first.'),
    priority: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .default(0)
      .describe('Within a tier, higher priorities are asked first; among equals, the order in the file decides.'),
    on_unknown: z
      .enum(['match', 'skip', 'refuse'])
      .default('skip')
      .describe(
        'When the condition is unknown because a signal could not be computed: take the decision, pass on to the next, or refuse the request.',
      ),
    models: z.array(name).min(1).max(64).optional().describe('Models that may answer, in order of preference.'),
    respond: text.optional().describe('Answer with this text; no model is asked.'),
    refuse: z.string().min(1).max(1_024).optional().describe('Refuse the request with this message.'),
    select: selectSchema,
    strategy: strategySchema,
    pools: z
      .array(name)
      .min(1)
      .max(64)
      .optional()
      .describe('Only these pools may serve it; any that has the model, unless said.'),
    system_prompt: systemPrompt.optional().describe('A system prompt to add.'),
    reasoning_effort: z
      .string()
      .regex(/^[a-z]{1,16}$/, 'a word such as none, minimal, low, medium or high')
      .optional()
      .describe('Reasoning effort to ask of the model.'),
    max_tokens: tokens.optional().describe('Longest answer, in tokens.'),
    temperature: z.number().min(0).max(2).optional().describe('Sampling temperature.'),
    privacy: z
      .enum(['on', 'off'])
      .default('on')
      .describe(
        'Whether `router.privacy` holds for this decision; `off` where its models are one’s own and may read everything.',
      ),
    grounding: grounding
      .optional()
      .describe(
        'Hold answers against the texts that came with the request; what is done with one that goes beyond them.',
      ),
    energy: energy
      .optional()
      .describe('Energy that a request may take at most, by expectation: models and replicas beyond it are left out.'),
    headers: headers.optional().describe('Headers to send to the engine.'),
  })
  .refine(({ models, respond, refuse }) => [models, respond, refuse].filter(one => one !== undefined).length === 1, {
    message: 'exactly one of models, respond, refuse',
  });

const role = z.enum(['system', 'user', 'assistant', 'tool']);

export const policyTestSchema = z
  .strictObject({
    name: z.string().min(1).max(256).optional().describe('What the test shows; its prompt, unless said.'),
    prompt: z.string().max(1_048_576).optional().describe('A single user message.'),
    messages: z
      .array(z.strictObject({ role: role.describe('Who speaks.'), content: z.string().describe('The text.') }))
      .min(1)
      .max(1_024)
      .optional()
      .describe('A whole conversation, in place of `prompt`.'),
    model: name.optional().describe('The model asked for; the first virtual name, unless said.'),
    tools: z.array(z.string().min(1).max(128)).max(128).optional().describe('Names of tools the caller offers.'),
    user: z.string().max(256).optional().describe('The end user the application names.'),
    headers: z.record(z.string(), z.string()).optional().describe('Request headers.'),
    metadata: z.record(z.string(), z.string()).optional().describe('The `metadata` object of the body.'),
    signals: z
      .record(
        identifier,
        z.union([
          z.boolean(),
          z.literal('unknown'),
          z.number(),
          z.strictObject({
            label: z.string().describe('The label.'),
            score: share.default(1).describe('The score with it.'),
          }),
        ]),
      )
      .optional()
      .describe('Signals taken as given: true, false, unknown, a score (true when above 0), or a label with a score.'),
    expect: name.optional().describe('The decision that must be taken; `direct` for a real model.'),
    expect_model: name
      .optional()
      .describe('The model that must come first, with every replica idle and nothing known of its speed.'),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    message: 'exactly one of prompt, messages',
  })
  .refine(({ expect, expect_model }) => expect !== undefined || expect_model !== undefined, {
    message: 'at least one of expect, expect_model',
  });

/** A decision as configured. */
export type DecisionConfig = z.output<typeof decisionSchema>;
/** A test of the policy as configured. */
export type PolicyTestConfig = z.output<typeof policyTestSchema>;
