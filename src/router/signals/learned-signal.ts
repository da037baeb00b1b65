import type { Classifier, Verdict, WhenBusy } from '#contract/learned.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { evidence, quoted } from './evidence.js';
import { LanguageGate } from './language-gate.js';
import { type Scope, scopedTexts } from './scope.js';
import type { PreparedEvaluator } from './signal-type.js';

/** Characters of a text that are looked at; of a longer one the beginning and the end. */
const MOST_READ = 65_536;

export interface LearnedSignalOptions {
  /** True when the text has one of these labels; any that the classifier is sure of when there are none. */
  readonly wanted: readonly string[] | undefined;
  /** True when the wanted labels are together likelier than this. */
  readonly above: number;
  /** How several labels count together: kinds that exclude one another add up, of others the likeliest counts. */
  readonly together: 'sum' | 'likeliest';
  /** False when they are less likely than this; unknown in between. */
  readonly below: number;
  readonly scope: Scope;
  readonly whenBusy: WhenBusy;
  /** Why there is nothing to judge in a request, where there is not: the signal is then false. */
  readonly without?: (input: SignalInput) => string | undefined;
}

/** What a learned signal costs: microseconds where the fast tier is sure, a pass of the model where it is not. */
export const LEARNED_COST = Object.freeze({ tier: 'learned', microseconds: 2000 } as const);

/** A signal that a classifier stands behind. */
export function learnedSignal(
  name: string,
  type: string,
  ungated: Classifier,
  options: LearnedSignalOptions,
): PreparedEvaluator {
  const classifier = new LanguageGate(ungated);
  const { wanted, scope, whenBusy } = options;
  const places = wanted?.map(label => classifier.labels.indexOf(label));
  const judge = (verdict: Verdict): SignalValue => signalValue(verdict, classifier.labels, places, options);
  return {
    name,
    type,
    cost: LEARNED_COST,
    prepare: () => classifier.prepare(),
    evaluate(input: SignalInput) {
      const without = options.without?.(input);
      if (without !== undefined) return { state: 'false', score: 0, evidence: without };
      const verdict = classifier.classify(textIn(input, scope), { whenBusy, deadline: input.deadline });
      return verdict instanceof Promise ? verdict.then(judge) : judge(verdict);
    },
  };
}

function signalValue(
  { probabilities, best, sure, tier, reason, nearest, words, partial }: Verdict,
  labels: readonly string[],
  places: readonly number[] | undefined,
  { wanted, above, below, together }: LearnedSignalOptions,
): SignalValue {
  if (best < 0 || (reason !== undefined && !sure)) {
    return { state: 'unknown', score: 0, tier, evidence: evidence(reason ?? 'nothing is likely enough') };
  }
  const top = labels[best]!;
  const likeliest = rounded(probabilities[best]!);
  const near = nearest === undefined ? '' : ` like ${quoted(nearest.text)} ${nearest.likeness.toFixed(2)}`;
  const rule = words === undefined ? '' : ` by ${quoted(words)}`;
  const missing = places?.indexOf(-1) ?? -1;
  if (missing >= 0)
    return { state: 'unknown', score: 0, tier, evidence: evidence(`the head knows no ${wanted?.[missing]}`) };
  const said = evidence(
    `${top} ${likeliest.toFixed(2)}${near}${rule}${tier === 'busy' ? `, by the fast tier: ${reason ?? 'busy'}` : ''}`,
  );
  const label = sure ? { label: top } : undefined;
  if (places === undefined && together === 'sum') {
    return { state: sure ? 'true' : 'unknown', score: likeliest, ...label, tier, evidence: said };
  }
  const chosen = places?.map(place => probabilities[place] ?? 0) ?? [likeliest];
  const score = rounded(together === 'sum' ? chosen.reduce((sum, p) => sum + p, 0) : Math.max(...chosen));
  const state = score > above ? 'true' : score < below || below === above ? 'false' : 'unknown';
  // What is not in the part that was read may stand in the rest.
  if (state === 'false' && partial)
    return { state: 'unknown', score, tier, evidence: evidence(`${said}, not all read`) };
  return { state, score, ...label, tier, evidence: said };
}

function textIn({ request }: SignalInput, scope: Scope): string {
  const { texts } = scopedTexts(request, scope);
  const text = texts.length === 1 ? texts[0]! : texts.join('\n');
  return text.length <= MOST_READ ? text : `${text.slice(0, (MOST_READ * 3) / 4)} ${text.slice(-MOST_READ / 4)}`;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
