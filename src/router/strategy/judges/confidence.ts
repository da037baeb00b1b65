import type { AnswerGuard, AnswerGuardMaker } from '#contract/answer-guard.js';
import { noted } from './judge.js';

/**
 * How sure the model was of its words, by itself:
 *
 *     confidence = exp( mean over tokens of ln p(token) )
 *
 * the geometric mean of the probabilities, the inverse of perplexity. Says nothing where the engine tells no log probabilities, which it does only
 * for requests that ask for them.
 */
export function confidenceJudge(least: number): AnswerGuardMaker {
  return { name: 'confidence', holds: false, judges: true, guard: () => new ConfidenceJudge(least) };
}

class ConfidenceJudge implements AnswerGuard {
  private sum = 0;
  private tokens = 0;

  constructor(private readonly least: number) {}

  text(_block: unknown, text: string): string {
    return text;
  }

  close(): string {
    return '';
  }

  logprobs(values: readonly number[]): void {
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      this.sum += value;
      this.tokens++;
    }
  }

  end() {
    if (this.tokens === 0) return undefined;
    const confidence = Math.exp(this.sum / this.tokens);
    return noted({ doubts: confidence < this.least, note: confidence.toFixed(2) });
  }
}
