import type { Classifier, Verdict } from '#contract/learned.js';
import { reasonOf } from '#models/runtime/failure.js';

/** Stands in for a head that cannot be used: every verdict is unsure, with the reason. */
export class UnusableClassifier implements Classifier {
  readonly labels: readonly string[] = [];
  private readonly verdict: Verdict;

  constructor(cause: unknown) {
    const reason = reasonOf(cause);
    this.verdict = { probabilities: new Float32Array(0), best: -1, sure: false, tier: 'busy', reason };
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  classify(): Verdict {
    return this.verdict;
  }
}
