import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import { MEDIA } from './vocabulary.js';
import { type Wanted, wantedMedium } from './wanted.js';

/** From a verb that means both on (`draw`) a rule is heard; a caption alone is too little. */
const HEARD = 0.8;
/**
 * Weight of evidence of a rule, added to the logarithm of the head's probability (Good, 1950): of those tried the one under which the labels of requests to
 * choose on are likeliest (`node bench/learned.mjs --only modality`).
 */
export const RULE_WEIGHT = 2;
/** How likely a rule is right where the head says nothing: 49 of 55 times on the same requests, with one more of each. */
const RULE_IS_RIGHT = 50 / 57;

/**
 * What kind of answer is wanted, by a trained head and the rules of ten languages together. Where the head says nothing, in languages that it does not
 * know or because no model could be asked, rules speak alone; where neither does, nothing is said.
 */
export class RuledHead implements Classifier {
  readonly labels: readonly string[];

  /** @param head says nothing in languages that it does not know. */
  constructor(
    private readonly head: Classifier,
    private readonly weight = RULE_WEIGHT,
  ) {
    this.labels = head.labels.length === 0 ? MEDIA : head.labels;
  }

  prepare(): Promise<void> {
    return this.head.prepare();
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const wanted = wantedMedium(text);
    const place = wanted.strength < HEARD ? -1 : this.labels.indexOf(wanted.medium);
    const said = this.head.classify(text, options);
    if (place < 0) return said;
    const heard = (verdict: Verdict): Verdict => this.together(verdict, place, wanted);
    return said instanceof Promise ? said.then(heard) : heard(said);
  }

  private together(verdict: Verdict, place: number, { words }: Wanted): Verdict {
    const { probabilities, best, sure, reason } = verdict;
    if (best < 0 || (reason !== undefined && !sure)) return this.alone(place, words);
    const odds = probabilities.map((p, at) => (at === place ? p * Math.exp(this.weight) : p));
    const sum = odds.reduce((all, one) => all + one, 0);
    const joint = odds.map(one => one / sum);
    const likeliest = joint.indexOf(Math.max(...joint));
    return { ...verdict, probabilities: joint, best: likeliest, sure: sure || likeliest === place, words };
  }

  private alone(place: number, words: string): Verdict {
    const rest = (1 - RULE_IS_RIGHT) / Math.max(1, this.labels.length - 1);
    const probabilities = Float32Array.from(this.labels, (_, at) => (at === place ? RULE_IS_RIGHT : rest));
    return { probabilities, best: place, sure: true, tier: 'fast', words };
  }
}
