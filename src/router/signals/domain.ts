import { z } from 'zod';
import { share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { scopeSchema } from './scope.js';
import type { SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

/** The 14 categories of MMLU-Pro (Wang et al., 2024). Other names take quotation marks in a condition. */
export const DOMAINS = [
  'biology',
  'business',
  'chemistry',
  'computer science',
  'economics',
  'engineering',
  'health',
  'history',
  'law',
  'math',
  'other',
  'philosophy',
  'physics',
  'psychology',
] as const;

const domainName = z.enum(DOMAINS).meta({ title: 'domain' });
const domainNames = z.array(domainName).min(1).max(DOMAINS.length);

const schema = z
  .union([
    domainName,
    domainNames,
    z.strictObject({
      any: domainNames
        .optional()
        .describe('True when the text is of one of these domains; without it, of any that is clear.'),
      above: share.default(0.5).describe('True when these domains are together likelier than this.'),
      below: share
        .default(0.3)
        .describe('False when they are less likely than this; in between the signal is unknown.'),
      when_busy: whenBusySchema,
      in: scopeSchema,
    }),
  ])
  .meta({ examples: ['law', ['math', 'physics'], { any: ['law'], above: 0.7 }] });

type DomainOptions = z.output<typeof schema>;

/** What the text is about, of fourteen fields of knowledge. */
export const domain: SignalType<DomainOptions> = {
  type: 'domain',
  summary: 'What the text is about, of fourteen fields of knowledge.',
  scoreMeaning: 'calibrated probability of the domains that are asked for; of the likeliest when none is',
  labelMeaning: 'the likeliest domain, where it is likely enough',
  labels: DOMAINS,
  cost: LEARNED_COST,
  schema,
  check: options =>
    typeof options === 'object' && 'below' in options && options.below > options.above
      ? [
          {
            code: 'config.range',
            path: ['below'],
            message: 'nothing is below this and not above',
            hint: 'at most above',
          },
        ]
      : [],
  build(name, options, { learned }) {
    const full = typeof options === 'string' ? { any: [options] } : Array.isArray(options) ? { any: options } : options;
    const {
      above,
      below,
      when_busy,
      in: scope,
    } = 'above' in full ? full : { above: 0.5, below: 0.3, when_busy: undefined, in: 'last_user' as const };
    return learnedSignal(name, 'domain', learned.head('domain'), {
      wanted: full.any,
      together: 'sum',
      above,
      below,
      scope,
      whenBusy: when_busy ?? learned.whenBusy,
    });
  },
};
