import { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { MAX_EVIDENCE, quoted } from './evidence.js';
import { MAX_PATTERN_LENGTH, safePattern } from './pattern.js';
import type { SignalType } from './signal-type.js';

/** Longest value that a pattern is tried on. */
const MAX_VALUE = 4_096;

const text = z.string().max(1_024);

const schema = z
  .strictObject({
    header: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'a header name')
      .transform(header => header.toLowerCase())
      .optional()
      .describe('A request header. Credentials and cookies cannot be read.'),
    field: z.string().min(1).max(128).optional().describe('A field of the `metadata` object of the body.'),
    caller: z
      .enum(['key', 'user', 'address'])
      .optional()
      .describe('Who asks: the name of the credential, the end user the application named, or the network address.'),
    model: z.literal(true).optional().describe('The model name as the caller wrote it.'),
    equals: text.optional().describe('True when the value is exactly this.'),
    in: z.array(text).min(1).max(1_024).optional().describe('True when the value is one of these.'),
    matches: z
      .string()
      .min(1)
      .max(MAX_PATTERN_LENGTH)
      .optional()
      .describe('True when this regular expression is found in the value (use ^ and $ for the whole of it).'),
    exists: z
      .boolean()
      .optional()
      .describe('True when there is a value at all; with false, when there is none. The default.'),
  })
  .refine(({ header, field, caller, model }) => said(header, field, caller, model) === 1, {
    message: 'exactly one of header, field, caller, model',
  })
  .refine(options => said(options.equals, options.in, options.matches, options.exists) <= 1, {
    message: 'at most one of equals, in, matches, exists',
  });

type MetadataOptions = z.output<typeof schema>;

/** What the request says of itself and of who sent it. */
export const metadata: SignalType<MetadataOptions> = {
  type: 'metadata',
  summary: 'A header, a metadata field, the caller, or the model asked for.',
  scoreMeaning: 'the value as a number, where it is one; else 1 when there is a value and 0 when there is none',
  labelMeaning: 'the value itself',
  cost: { tier: 'inline', microseconds: 0.3 },
  schema,
  check: ({ matches }) => {
    const compiled = matches === undefined ? undefined : safePattern(matches, true);
    if (compiled === undefined || !('problem' in compiled)) return [];
    const { problem: message, ...detail } = compiled;
    return [{ code: 'config.unsafe_pattern', path: ['matches'], message, ...detail }];
  },
  build: (name, options) => {
    const holds = predicate(options);
    const readOf = reader(options);
    const absent = judge(undefined, holds);
    // Callers say the same again and again, and making a value fit to be shown is most of the work.
    let last: string | undefined;
    let judged = absent;
    const evaluate = (input: SignalInput): SignalValue => {
      const value = readOf(input);
      if (value === undefined) return absent;
      if (value !== last) {
        judged = judge(value, holds);
        last = value;
      }
      return judged;
    };
    return { name, type: 'metadata', cost: metadata.cost, evaluate };
  },
};

function judge(value: string | undefined, holds: (value: string | undefined) => boolean): SignalValue {
  const state = holds(value) ? 'true' : 'false';
  if (value === undefined) return Object.freeze({ state, score: 0, evidence: 'absent' });
  const number = value.trim() === '' ? Number.NaN : Number(value);
  const score = Number.isFinite(number) ? number : 1;
  const evidence = quoted(value);
  return Object.freeze(
    value.length > MAX_EVIDENCE ? { state, score, evidence } : { state, score, label: value, evidence },
  );
}

function reader({ header, field, caller }: MetadataOptions): (input: SignalInput) => string | undefined {
  if (header !== undefined) return ({ request }) => own(request.caller.headers, header);
  if (field !== undefined) return ({ request }) => own(request.metadata, field);
  if (caller !== undefined) return ({ request }) => request.caller[caller];
  return ({ request }) => request.model;
}

/** Only what the caller sent: `constructor` and the like are no fields of a request. */
function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function predicate(options: MetadataOptions): (value: string | undefined) => boolean {
  const { equals, matches, exists = true } = options;
  if (equals !== undefined) return value => value === equals;
  if (options.in !== undefined) {
    const values = new Set(options.in);
    return value => value !== undefined && values.has(value);
  }
  if (matches !== undefined) {
    const pattern = safePattern(matches, true);
    if ('problem' in pattern) throw new WeirError('config.unsafe_pattern', `${matches}: ${pattern.problem}`);
    return value => value !== undefined && pattern.test(value.slice(0, MAX_VALUE));
  }
  return value => (value !== undefined) === exists;
}

function said(...values: readonly unknown[]): number {
  return values.filter(value => value !== undefined).length;
}
