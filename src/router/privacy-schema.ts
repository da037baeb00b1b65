import { z } from 'zod';
import { PERSONAL_KINDS, type PersonalKind } from '#contract/personal-data.js';
import { duration, identifier } from '#contract/schema.js';
import { MAX_PATTERN_LENGTH } from './signals/pattern.js';

const WORDS: Readonly<Record<PersonalKind, string>> = {
  secret: 'keys, tokens, private keys and passwords',
  email: 'e-mail addresses',
  iban: 'bank accounts',
  card: 'payment cards',
  ip: 'IP addresses',
  mac: 'hardware addresses',
  national_id: 'social security numbers and their like',
  phone: 'phone numbers',
  url: 'addresses of pages',
  date: 'dates',
  person: 'names of people',
  organization: 'names of organisations',
  address: 'postal addresses',
  place: 'names of places',
};

const mode = z.enum(['off', 'log', 'mask', 'block']);

/** What is done with personal data of a kind. */
export type PrivacyMode = z.output<typeof mode>;

/** A kind that models or patterns of one's own find: short, for it stands in placeholders. */
export const kindName = z
  .string()
  .regex(/^[a-z]{2,12}(?:_[a-z]{2,12})?$/, 'a kind in small letters, such as disease or case_number');
const MOST_TYPES = 64;
const MOST_PATTERNS = 16;

const source = z.string().min(1).max(MAX_PATTERN_LENGTH);

const patternSchema = z.strictObject({
  pattern: z
    .union([source, z.array(source).min(1).max(MOST_PATTERNS)])
    .describe(
      'A regular expression, or several: what matches is of this kind. Only what cannot run away on any text is taken, and what matches from 2 to 128 characters.',
    ),
  case_sensitive: z.boolean().default(true).describe('Whether upper and lower case differ.'),
  check: z
    .enum(['luhn', 'mod97'])
    .optional()
    .describe(
      'Check digits that must be right as well: `luhn` of the digits that a match has (ISO/IEC 7812-1), or `mod97`, its letters and digits as one number, with 10 for A, leave 1 (ISO 7064, MOD 97-10).',
    ),
  placeholder: z
    .string()
    .regex(/^[A-Z]{2,12}(?:_[A-Z]{2,12})?$/, 'a word in capital letters, such as STAFF or CASE_NUMBER')
    .optional()
    .describe('What stands in placeholders in the place of the kind’s own name.'),
});

/** The `router.privacy:` block: what of personal data may go to models. */
export const privacySchema = z.strictObject({
  kinds: z
    .object(
      Object.fromEntries(
        PERSONAL_KINDS.map(kind => [kind, mode.default('off').describe(`What is done with ${WORDS[kind]}.`)]),
      ) as Record<PersonalKind, z.ZodDefault<typeof mode>>,
    )
    .catchall(mode)
    .refine(kinds => Object.keys(kinds).length <= PERSONAL_KINDS.length + MOST_TYPES, {
      message: `at most ${MOST_TYPES} kinds of your own`,
    })
    .prefault({})
    .describe(
      'For each kind, also of those that `models` and `patterns` name: `off`, not looked for; `log`, counted in the record; `mask`, replaced by a placeholder on the way to the engine and put back in the answer; `block`, the request is refused.',
    ),
  models: z
    .record(
      identifier,
      z.record(z.string().min(1).max(128), kindName).refine(types => Object.keys(types).length <= MOST_TYPES, {
        message: `at most ${MOST_TYPES} types`,
      }),
    )
    .prefault({})
    .describe(
      'Classifiers of tokens (`router.learned.classifiers`) that look for names beside the tagger that comes with Weir, for `pii` signals too: for each of their types of entities the kind that it is, one of the kinds above or one of your own; `off` where it is none. Types that are not named are what they usually are: `PER` is `person`, `LOC` and `GPE` are `place`, `ORG` is `organization`, and what is called like a kind is of that kind.',
    ),
  patterns: z
    .record(
      kindName.refine(kind => kind !== 'off', { message: 'a kind, which off is not' }),
      patternSchema,
    )
    .refine(patterns => Object.keys(patterns).length <= MOST_TYPES, { message: `at most ${MOST_TYPES} kinds` })
    .prefault({})
    .describe(
      'Kinds of your own by how they are written, such as numbers of employees or cases; or more of a kind above, such as another country’s `national_id`.',
    ),
  patience: duration
    .prefault('2s')
    .describe('The longest that a request waits for those models, from when the first of its texts is read.'),
  fail: z
    .enum(['closed', 'open'])
    .default('closed')
    .describe(
      'What happens to a request of which those models could not read all in that time, or more than their windows have room for, where some kind is masked or blocked: it is refused, or goes on with what was found.',
    ),
  system: z
    .boolean()
    .default(false)
    .describe('Whether system prompts are read too. They are mostly the operator’s own words.'),
  tools: z
    .boolean()
    .default(true)
    .describe(
      'Whether definitions of tools, and of how answers have to be, are read too: their descriptions, and the values that their schemas name.',
    ),
  ttl: duration.prefault('1h').describe('How long the values of a conversation are kept after its last request.'),
  sessions: z.int().min(1).max(1_000_000).default(4096).describe('Conversations whose values are kept, at most.'),
  values: z.int().min(1).max(100_000).default(1024).describe('Values kept of one conversation, at most.'),
  salt: z
    .string()
    .min(16)
    .max(1024)
    .optional()
    .describe(
      'A secret from which placeholders are made; a random one for each process unless said. With the same one, several processes use the same placeholders.',
    ),
});

export type PrivacyConfig = z.output<typeof privacySchema>;
