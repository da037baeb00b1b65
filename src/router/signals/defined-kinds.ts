import type { Classifier, LearnedModels } from '#contract/learned.js';
import { identifier } from '#contract/schema.js';
import { type Kinds, kindsSchema, wholeKinds } from './kinds.js';
import { LEARNED_COST, learnedSignal } from './learned-signal.js';
import { thresholdProblems } from './likelihood.js';
import type { SignalType } from './signal-type.js';

/** Options of a signal over kinds that the configuration defines. */
export type DefinedKindsOptions = Kinds<string>;

/** Most kinds that one signal asks for by name. */
const MOST = 64;

/** What is peculiar to one such type of signal. */
export interface DefinedKinds extends Pick<SignalType, 'type' | 'summary' | 'scoreMeaning' | 'labelMeaning'> {
  /** When it is true. */
  readonly any: string;
  /** Several kinds, as in `one of these routes`. */
  readonly plural: string;
  /** Two names of kinds, for examples. */
  readonly names: readonly [string, string];
  classifier(learned: LearnedModels): Classifier;
}

/** A type of signal over kinds that a block of the configuration defines: which of them the text belongs to, the likeliest counting. */
export function definedKinds(kinds: DefinedKinds): SignalType<DefinedKindsOptions> {
  const { any, plural, names, classifier, ...texts } = kinds;
  const [first, second] = names;
  return {
    ...texts,
    cost: LEARNED_COST,
    schema: kindsSchema(identifier, MOST, {
      any,
      above: `True when the likeliest of these ${plural} is likelier than this.`,
      below: 'False when all of them are less likely than this; in between the signal is unknown.',
    }).meta({ examples: [first, [first, second], { any: [second], above: 0.7 }] }),
    check: thresholdProblems,
    build(name, options, { learned }) {
      const { any: wanted, whenBusy = learned.whenBusy, ...thresholds } = wholeKinds(options);
      return learnedSignal(name, texts.type, classifier(learned), {
        ...{ wanted, whenBusy, ...thresholds },
        together: 'likeliest',
      });
    },
  };
}

/** The kinds that a signal of such a type asks for by name. */
export function wantedKinds(options: unknown): readonly string[] {
  const given = options as DefinedKindsOptions;
  return typeof given === 'string' ? [given] : Array.isArray(given) ? given : (given.any ?? []);
}
