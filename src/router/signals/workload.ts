import { z } from 'zod';
import type { WorkloadProfile } from '#contract/profile.js';
import { tokens } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { emptyRange, inRange } from './count-range.js';
import { evidence, MAX_EVIDENCE } from './evidence.js';
import { MAX_SESSIONS, sessionPlace } from './session-place.js';
import type { OptionProblem, SignalType } from './signal-type.js';

/** One of a few words, several of them, or whichever it is. */
function oneOfWords<const Words extends readonly [string, ...string[]]>(words: Words) {
  const word = z.enum(words);
  return z.union([word, z.array(word).min(1).max(words.length), z.literal(true)]);
}

const range = z
  .strictObject({
    above: tokens.optional().describe('True when there are more than this.'),
    below: tokens.optional().describe('True when there are fewer than this.'),
  })
  .meta({ title: 'range' });

const names = z.array(z.string().min(1).max(400)).min(1).max(MAX_SESSIONS);

const schema = z
  .strictObject({
    archetype: oneOfWords(['chat', 'agent']).optional().describe('An agent has tools, or is twenty messages deep.'),
    warmth: oneOfWords(['warm', 'cold'])
      .optional()
      .describe('Warm: earlier turns of the same conversation precede this one, so a cache may hold them.'),
    heaviness: oneOfWords(['prefill', 'decode', 'balanced'])
      .optional()
      .describe('Whether time goes into reading the prompt or into writing the answer.'),
    modality: oneOfWords(['text', 'image', 'audio', 'file'])
      .optional()
      .describe('The latest kind of content in the request that is not text, if there is any.'),
    turn: range.optional().describe('User messages so far, this one included.'),
    output_tokens: range
      .optional()
      .describe('Expected length of the answer: the median of what this application gets.'),
    output_tokens_p75: range.optional().describe('The same, at the 75th percentile.'),
    session: z
      .union([
        names,
        z.literal(true),
        z.strictObject({
          share: z.number().gt(0).lt(1).describe('Share of all sessions, always the same ones: for a canary.'),
        }),
      ])
      .optional()
      .describe('The conversation: one of these, or one of a fixed share of all.'),
    application: z
      .union([names, z.literal(true)])
      .optional()
      .describe('Fingerprint of system prompt and tools, as the record shows it.'),
  })
  .refine(options => Object.values(options).some(value => value !== undefined), {
    message:
      'at least one of archetype, warmth, heaviness, modality, turn, output_tokens, output_tokens_p75, session, application',
  });

type WorkloadOptions = z.output<typeof schema>;
type Feature = keyof WorkloadOptions;

/** What a feature says of one request. */
interface Reading {
  readonly holds: boolean;
  readonly score: number;
  readonly label?: string;
}

type Reader = (profile: WorkloadProfile) => Reading;

/** In the order in which the first one stated gives score and label. */
const FEATURES: { readonly [F in Feature]: (wanted: NonNullable<WorkloadOptions[F]>) => Reader } = {
  archetype: wanted => word(wanted, profile => profile.archetype),
  warmth: wanted => word(wanted, profile => profile.warmth),
  heaviness: wanted => word(wanted, profile => profile.heaviness),
  modality: wanted => word(wanted, profile => profile.modality),
  turn: wanted => count(wanted, profile => profile.turn),
  output_tokens: wanted => count(wanted, profile => profile.outputTokens.p50),
  output_tokens_p75: wanted => count(wanted, profile => profile.outputTokens.p75),
  session: wanted => {
    if (typeof wanted !== 'object' || !('share' in wanted)) return word(wanted, ({ session }) => session);
    const { share } = wanted;
    return ({ session: label }) => {
      const score = sessionPlace(label);
      return { holds: score < share, score, label };
    };
  },
  application: wanted => word(wanted, profile => profile.application),
};

const NAMES = Object.keys(FEATURES) as readonly Feature[];

/** What the workload part knows of the request. */
export const workload: SignalType<WorkloadOptions> = {
  type: 'workload',
  summary:
    'The kind of work: chat or agent, warm or cold, prefill- or decode-heavy, turn, expected output, modality, session.',
  scoreMeaning:
    'of the first feature stated: its count, for a share of sessions the place of this one from 0 to 1, else 1 when it is as wanted and 0 when not',
  labelMeaning: 'the value of the first feature stated, where that is a word',
  cost: { tier: 'inline', microseconds: 0.5 },
  schema,
  check: options => NAMES.flatMap(feature => problemsOf(feature, options[feature])),
  build: (name, options) => {
    const readers = NAMES.flatMap(feature => {
      const wanted = options[feature];
      const make = FEATURES[feature] as (given: unknown) => Reader;
      return wanted === undefined ? [] : [{ feature, read: make(wanted) }];
    });
    const evaluate = ({ profile }: SignalInput): SignalValue => {
      let first: Reading | undefined;
      let said = '';
      let holds = true;
      for (const { feature, read } of readers) {
        const reading = read(profile);
        first ??= reading;
        if (said === '' || !reading.holds) said = `${feature} ${reading.label ?? reading.score}`;
        if (!reading.holds) {
          holds = false;
          break;
        }
      }
      const { score = 0, label } = first ?? {};
      const value = { state: holds ? 'true' : 'false', score, evidence: evidence(said) } as const;
      return label === undefined || label.length > MAX_EVIDENCE ? value : { ...value, label };
    };
    return { name, type: 'workload', cost: workload.cost, evaluate };
  },
};

function word(wanted: string | readonly string[] | true, of: (profile: WorkloadProfile) => string): Reader {
  const words = typeof wanted === 'string' ? [wanted] : wanted === true ? undefined : wanted;
  const set = words === undefined ? undefined : new Set(words);
  return profile => {
    const label = of(profile);
    const holds = set === undefined ? label !== '' : set.has(label);
    return { holds, score: holds ? 1 : 0, label };
  };
}

function count(wanted: z.output<typeof range>, of: (profile: WorkloadProfile) => number): Reader {
  return profile => {
    const score = of(profile);
    return { holds: inRange(score, wanted), score };
  };
}

function problemsOf(feature: Feature, wanted: WorkloadOptions[Feature]): OptionProblem[] {
  if (Array.isArray(wanted)) {
    const words: readonly string[] = wanted;
    return words.flatMap((name, index): OptionProblem[] =>
      words.indexOf(name) === index
        ? []
        : [{ code: 'config.duplicate', path: [feature, index], message: `${JSON.stringify(name)} stands twice` }],
    );
  }
  if (typeof wanted !== 'object' || 'share' in wanted) return [];
  const message = emptyRange(wanted);
  return message === undefined ? [] : [{ code: 'config.range', path: [feature], message }];
}
