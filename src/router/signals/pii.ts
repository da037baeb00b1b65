import { z } from 'zod';
import { PERSONAL_KINDS, type PersonalKind, type PersonalSpan } from '#contract/personal-data.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence } from './evidence.js';
import { scopedTexts, scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';

const kind = z.enum(PERSONAL_KINDS).meta({ title: 'kind of personal data' });
const kinds = z.array(kind).min(1).max(PERSONAL_KINDS.length);

/** What is looked for unless said: not dates, places and pages, which most texts have and which tell of no one by themselves. */
const USUAL: readonly PersonalKind[] = PERSONAL_KINDS.filter(
  one => !['date', 'place', 'url', 'organization'].includes(one),
);

const schema = z
  .union([
    kind,
    kinds,
    z.strictObject({
      any: kinds
        .optional()
        .describe('The kinds that are looked for; unless said all but dates, places, organisations and pages.'),
      above: z.int().min(0).max(1_000_000).default(0).describe('True when more than so many are found.'),
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['email', ['card', 'iban'], { any: ['person'], above: 2, in: 'all' }] });

type PiiOptions = z.output<typeof schema>;

/** Personal data in the text. What is found is counted and named by its kind; the values show nowhere. */
export const pii: SignalType<PiiOptions> = {
  type: 'pii',
  summary: 'Personal data in the text: identifiers by form and check digits, names by a small tagger.',
  scoreMeaning: 'how many were found',
  labelMeaning: 'the surest kind that was found',
  labels: PERSONAL_KINDS,
  cost: { tier: 'inline', microseconds: 3000 },
  schema,
  build(name, options, { personal }) {
    const full = typeof options === 'string' ? { any: [options] } : Array.isArray(options) ? { any: options } : options;
    const wanted: ReadonlySet<PersonalKind> = new Set(full.any ?? USUAL);
    const { above, in: scope } = 'above' in full ? full : { above: 0, in: 'last_user' as const };
    const judge = (found: readonly (readonly PersonalSpan[])[]): SignalValue => {
      const counts = countsOf(found.flat().filter(span => wanted.has(span.kind)));
      const score = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const [first] = PERSONAL_KINDS.filter(one => counts.has(one));
      return {
        state: score > above ? 'true' : 'false',
        score,
        ...(first === undefined ? undefined : { label: first }),
        evidence: evidence(toldCounts(counts)),
      };
    };
    return {
      name,
      type: 'pii',
      cost: pii.cost,
      evaluate({ request }: SignalInput) {
        if (personal === undefined) return NOT_LOOKED_FOR;
        const found = scopedTexts(request, scope).texts.map(text => personal.find(text));
        const ready = found.filter((one): one is readonly PersonalSpan[] => !(one instanceof Promise));
        return ready.length === found.length ? judge(ready) : Promise.all(found).then(judge);
      },
      prepare: async () => {
        await personal?.find('Ann Example was here');
      },
    };
  },
};

const NOT_LOOKED_FOR: SignalValue = Object.freeze({ state: 'unknown', score: 0, evidence: 'not looked for here' });

/** How many there are of each kind. */
export function countsOf(spans: readonly PersonalSpan[]): Map<PersonalKind, number> {
  const counts = new Map<PersonalKind, number>();
  for (const span of spans) counts.set(span.kind, (counts.get(span.kind) ?? 0) + 1);
  return counts;
}

/** `email 2, person 1`, the surest kinds first. */
export function toldCounts(counts: ReadonlyMap<PersonalKind, number>): string {
  const told = PERSONAL_KINDS.flatMap(one => (counts.has(one) ? [`${one} ${counts.get(one)}`] : []));
  return told.length === 0 ? 'none' : told.join(', ');
}
