import { z } from 'zod';
import { PERSONAL_KINDS, type PersonalKind } from '#contract/personal-data.js';
import { duration } from '#contract/schema.js';

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

/** The `router.privacy:` block: what of personal data may go to models. */
export const privacySchema = z.strictObject({
  kinds: z
    .strictObject(
      Object.fromEntries(
        PERSONAL_KINDS.map(kind => [kind, mode.default('off').describe(`What is done with ${WORDS[kind]}.`)]),
      ) as Record<PersonalKind, z.ZodDefault<typeof mode>>,
    )
    .prefault({})
    .describe(
      'For each kind: `off`, not looked for; `log`, counted in the record; `mask`, replaced by a placeholder on the way to the engine and put back in the answer; `block`, the request is refused.',
    ),
  system: z
    .boolean()
    .default(false)
    .describe('Whether system prompts are read too. They are mostly the operator’s own words.'),
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
