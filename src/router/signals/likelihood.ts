import { z } from 'zod';
import type { HeadName, WhenBusy } from '#contract/learned.js';
import { share } from '#contract/schema.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { type Scope, scopeSchema } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { whenBusySchema } from './when-busy.js';

/** From which probabilities on a signal is true and false. */
interface Likelihood {
  readonly above: number;
  readonly below?: number | undefined;
  readonly when_busy?: WhenBusy | undefined;
  readonly in: Scope;
}

/** What is wrong with thresholds: with `below` over `above` a probability would be both. */
export function thresholdProblems(options: object | string): readonly OptionProblem[] {
  const { above, below } = options as Partial<Likelihood>;
  if (above === undefined || below === undefined || below <= above) return [];
  return [
    { code: 'config.range', path: ['below'], message: 'nothing is below this and not above', hint: 'at most above' },
  ];
}

interface LikelihoodSignal {
  readonly type: HeadName;
  /** The label that is looked for, and its opposite. */
  readonly label: string;
  readonly labels: readonly [string, string];
  /** Behind “the request”: `is hard`. */
  readonly says: string;
  readonly summary: string;
}

/** A signal over a head of two labels: true when one of them is likely. */
export function likelihoodSignal({ type, label, labels, says, summary }: LikelihoodSignal): SignalType<Likelihood> {
  return {
    type,
    summary,
    scoreMeaning: `calibrated probability that the request ${says}`,
    labelMeaning: `\`${labels[0]}\` or \`${labels[1]}\`, where one of them is likely enough`,
    labels,
    cost: LEARNED_COST,
    schema: z.strictObject({
      above: share.default(0.5).describe(`True when the request ${says} with a higher probability than this.`),
      below: share
        .optional()
        .describe(
          `False when the request ${says} with a lower probability than this; \`above\` unless said, which leaves nothing unknown.`,
        ),
      when_busy: whenBusySchema,
      in: scopeSchema,
    }),
    check: thresholdProblems,
    build: (name, { above, below = above, when_busy, in: scope }, { learned }) =>
      learnedSignal(name, type, learned.head(type), {
        wanted: [label],
        together: 'sum',
        above,
        below,
        scope,
        whenBusy: when_busy ?? learned.whenBusy,
      }),
  };
}
