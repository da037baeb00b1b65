import { z } from 'zod';
import { duration, identifier, name } from '#contract/schema.js';
import { learnedSchema } from './learned-schema.js';
import { oneOf } from './one-of.js';
import { decisionSchema, policyTestSchema } from './policy/schema.js';
import { privacySchema } from './privacy-schema.js';
import { safetySchema } from './safety/schema.js';
import { SIGNAL_TYPES } from './signals/registry.js';

const MAX_SIGNALS = 256;
const MAX_DECISIONS = 256;
const MAX_ROUTES = 64;
/** Each text is compared with every one of them, on the thread that asks. */
const MAX_EXAMPLES = 2048;

/** The `router:` block: what may answer a request, and on what that depends. */
export const routerSchema = z.strictObject({
  names: z
    .array(name)
    .min(1)
    .max(64)
    .default(['auto'])
    .describe('Virtual model names: asking for one asks for a decision. A real model name skips the decision.'),
  signals: z
    .record(identifier, oneOf(SIGNAL_TYPES))
    .refine(signals => Object.keys(signals).length <= MAX_SIGNALS, { message: `at most ${MAX_SIGNALS} signals` })
    .prefault({})
    .describe('What can be known of a request, by the names that conditions use.'),
  signal_deadline: duration
    .prefault('200ms')
    .describe('How long a decision waits for one signal that takes a model to compute, before it is unknown.'),
  learned: learnedSchema.prefault({}).describe('The small local models that learned signals ask.'),
  safety: safetySchema
    .optional()
    .describe('Safety rules for requests and answers; without this block nothing is looked for.'),
  privacy: privacySchema.prefault({}).describe('What of personal data may go to models.'),
  preferences: z
    .record(
      identifier,
      z.strictObject({
        description: z.string().min(1).max(512).describe('What requests of this kind are about, in a sentence.'),
        examples: z
          .array(z.string().min(1).max(2048))
          .max(256)
          .default([])
          .describe('Requests of this kind, where there are some.'),
      }),
    )
    .refine(all => Object.keys(all).length <= MAX_ROUTES, { message: `at most ${MAX_ROUTES} preferences` })
    .refine(all => Object.values(all).flatMap(({ examples }) => examples).length <= MAX_EXAMPLES, {
      message: `at most ${MAX_EXAMPLES} examples in all preferences together`,
    })
    .prefault({})
    .describe(
      'Kinds of requests described in words, for `preference` signals: what is like none of them is no preference’s.',
    ),
  knowledge: z
    .record(
      identifier,
      z.strictObject({
        files: z
          .array(z.string().min(1).max(4096))
          .min(1)
          .max(64)
          .describe(
            'Files, or folders with all that is in them: Markdown, text, or JSON lines of `{text, title?}`. At most 4 MiB, 1,024 files and 2,048 chunks of 600 characters in all bases together.',
          ),
      }),
    )
    .refine(all => Object.keys(all).length <= MAX_ROUTES, { message: `at most ${MAX_ROUTES} knowledge bases` })
    .prefault({})
    .describe('Knowledge bases, for `knowledge` signals: which of them holds what a request asks for, or none.'),
  routes: z
    .record(identifier, z.array(z.string().min(1).max(2048)).min(1).max(256))
    .refine(routes => Object.keys(routes).length <= MAX_ROUTES, { message: `at most ${MAX_ROUTES} routes` })
    .refine(routes => Object.values(routes).flat().length <= MAX_EXAMPLES, {
      message: `at most ${MAX_EXAMPLES} examples in all routes together; weir train routes takes any number`,
    })
    .prefault({})
    .describe(
      'Kinds of requests by a few examples each, for `route` signals: what is near to none of them is out of scope.',
    ),
  decisions: z
    .array(decisionSchema)
    .max(MAX_DECISIONS)
    .default([])
    .describe(
      'What to do with a request: the first decision whose condition holds is taken. None at all: any model, in file order.',
    ),
  tests: z
    .array(policyTestSchema)
    .max(10_000)
    .default([])
    .describe('Requests and the decisions they must lead to, run by `weir check`.'),
});

/** The `router:` block as the code sees it. */
export type RouterConfig = z.output<typeof routerSchema>;
