import { z } from 'zod';
import { PERSONAL_KINDS, type PersonalReading } from '#contract/personal-data.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { kindName } from '#router/privacy-schema.js';
import { evidence } from './evidence.js';
import { LEARNED_COST } from './learned-signal.js';
import { countsOf, inOrder, personalReadings, toldCounts } from './personal-readings.js';
import { scopedTexts, scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';

/** Kinds of one's own that one signal asks for by name, at most. */
const MOST_OWN = 64;

const kind = z.union([z.enum(PERSONAL_KINDS), kindName]).meta({ title: 'kind of personal data' });
const kinds = z
  .array(kind)
  .min(1)
  .max(PERSONAL_KINDS.length + MOST_OWN);

/** What is not looked for unless said: most texts have it, and it tells of no one by itself. */
const UNUSUAL: ReadonlySet<string> = new Set(['date', 'place', 'url', 'organization']);
/** What is looked for unless said: every other kind, those of one's own among them. */
const USUAL = { has: (one: string): boolean => !UNUSUAL.has(one) };

const schema = z
  .union([
    kind,
    kinds,
    z.strictObject({
      any: kinds
        .optional()
        .describe(
          'The kinds that are looked for, those among them that `privacy` defines by patterns and models of one’s own; unless said all but dates, places, organisations and pages.',
        ),
      above: z.int().min(0).max(1_000_000).default(0).describe('True when more than so many are found.'),
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['email', ['card', 'iban'], { any: ['person'], above: 2, in: 'all' }] });

type PiiOptions = z.output<typeof schema>;

/** Personal data in the text. What is found is counted and named by its kind; the values show nowhere. */
export const pii: SignalType<PiiOptions> = {
  type: 'pii',
  summary:
    'Personal data in the text: identifiers by form and check digits, names by a small tagger, and kinds of your own by patterns and models.',
  scoreMeaning: 'how many were found',
  labelMeaning: 'the surest kind that was found, one of your own only where no other was',
  cost: { tier: 'inline', microseconds: 3000 },
  schema,
  build(name, options, { personal: all }) {
    const full = typeof options === 'string' ? { any: [options] } : Array.isArray(options) ? { any: options } : options;
    const wanted = full.any === undefined ? USUAL : new Set<string>(full.any);
    const personal = all?.narrowed?.(wanted) ?? all;
    const { above, in: scope } = 'above' in full ? full : { above: 0, in: 'last_user' as const };
    const judge = (found: readonly PersonalReading[]): SignalValue => {
      const counts = countsOf(found.flatMap(({ spans }) => spans.filter(span => wanted.has(span.kind))));
      const score = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const [first] = inOrder(counts.keys());
      // What was not read can only hold more.
      const missed = score > above ? undefined : found.find(one => one.missed !== undefined)?.missed;
      return {
        state: score > above ? 'true' : missed === undefined ? 'false' : 'unknown',
        score,
        ...(first === undefined ? undefined : { label: first }),
        ...(personal?.asksModels && { tier: missed === undefined ? 'model' : 'busy' }),
        evidence: evidence(missed === undefined ? toldCounts(counts) : `${toldCounts(counts)}; ${missed}`),
      };
    };
    return {
      name,
      type: 'pii',
      cost: personal?.asksModels ? LEARNED_COST : pii.cost,
      evaluate({ request, deadline }: SignalInput) {
        if (personal === undefined) return NOT_LOOKED_FOR;
        const found = personalReadings(personal, scopedTexts(request, scope).texts, deadline);
        return found instanceof Promise ? found.then(judge) : judge(found);
      },
      prepare: async () => {
        await Promise.all([personal?.find('Ann Example was here'), personal?.prepare?.()]);
      },
    };
  },
};

const NOT_LOOKED_FOR: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'not looked for here' });
