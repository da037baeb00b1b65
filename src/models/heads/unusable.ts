import { isWeirError } from '#contract/errors.js';
import type { Classifier, Verdict } from '#contract/learned.js';

/** Stands in for a head that cannot be used: every verdict is unsure, with the reason. */
export class UnusableClassifier implements Classifier {
  readonly labels: readonly string[] = [];
  private readonly verdict: Verdict;

  constructor(cause: unknown) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const reason = isWeirError(cause) && cause.hint !== undefined ? `${message}; ${cause.hint}` : message;
    this.verdict = { probabilities: new Float32Array(0), best: -1, sure: false, tier: 'busy', reason };
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  classify(): Verdict {
    return this.verdict;
  }
}
