import { z } from 'zod';
import { kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';

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

const schema = kindsSchema(z.enum(DOMAINS).meta({ title: 'domain' }), DOMAINS.length, {
  any: 'True when the text is of one of these domains; without it, of any that is clear.',
  above: 'True when these domains are together likelier than this.',
  below: 'False when they are less likely than this; in between the signal is unknown.',
}).meta({ examples: ['law', ['math', 'physics'], { any: ['law'], above: 0.7 }] });

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
  check: thresholdProblems,
  build(name, options, { learned }) {
    const { any: wanted, above, below, whenBusy = learned.whenBusy, scope } = wholeKinds(options);
    return learnedSignal(name, 'domain', learned.head('domain'), {
      wanted,
      together: 'sum',
      above,
      below,
      scope,
      whenBusy,
    });
  },
};
