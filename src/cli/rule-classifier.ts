import { type Classifier, NO_MODELS, type Verdict } from '#contract/learned.js';
import type { SignalValue } from '#contract/signal.js';
import { machineClock } from '#gateway/machine-clock.js';
import { LANGUAGES } from '#router/signals/language-codes.js';
import { signalType } from '#router/signals/set.js';
import { createProfiler } from '#workload/profile/profiler.js';
import { readInput } from './chat-input.js';

/** What signals without a trained head can say of a text, by the options under which they say it of any. */
const RULES = {
  language: { options: {}, labels: LANGUAGES },
  modality: { options: { wanted: ['image', 'audio', 'video', 'text'] }, labels: ['image', 'audio', 'video', 'text'] },
} as const;

export type RuleKind = keyof typeof RULES;

export const RULE_KINDS = Object.keys(RULES) as readonly RuleKind[];

/** A signal of rules as a classifier of bare texts. Its score is the signal's own: of `modality` a rank and no probability. */
export function ruleClassifier(kind: RuleKind): Classifier {
  const { options, labels } = RULES[kind];
  const type = signalType(kind)!;
  const signal = type.build(kind, type.schema.parse(options), { clock: machineClock, learned: NO_MODELS });
  const profiler = createProfiler({ sessionHeaders: [], charsPerToken: 4 });
  const verdictOf = ({ state, score, label, evidence }: SignalValue): Verdict => {
    const best = label === undefined ? -1 : labels.indexOf(label as never);
    const probabilities = Float32Array.from(labels, (_, at) => (at === best ? score : 0));
    const sure = state !== 'unknown' && best >= 0;
    return { probabilities, best, sure, tier: 'fast', ...(!sure && evidence !== undefined && { reason: evidence }) };
  };
  return {
    labels,
    prepare: async () => signal.prepare?.(),
    classify(text) {
      const { request } = readInput({ text }, kind, machineClock.now(), 'auto');
      const value = signal.evaluate({ request, profile: profiler.profile(request) });
      return value instanceof Promise ? value.then(verdictOf) : verdictOf(value);
    },
  };
}
