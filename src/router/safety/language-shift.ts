import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import { guessLanguage, LANGUAGE_SAMPLE, loadLanguages } from '#router/signals/language-guess.js';
import type { LanguageGuess } from '#router/signals/language-model.js';

/** How sure it must be what language a text is in. */
const SURE = 0.5;

export interface Shifts {
  /** By how much the log-odds of the second label are lowered, by the language of the text. */
  readonly byLanguage: Readonly<Record<string, number>>;
  /** Probability from which the second label is said, after the shift. */
  readonly threshold: number;
}

/**
 * Corrects a classifier of two labels for what a language was in its training: where nearly all texts of one had the second label, the language
 * itself is taken for a sign of it. Such a bias is an offset of the log-odds (as that of a changed prior is: Elkan, 2001), and is taken off:
 *
 *     p′ = 1 / (1 + exp(−(ln(p / (1 − p)) − δ)))
 */
export class LanguageShift implements Classifier {
  constructor(
    private readonly inner: Classifier,
    private readonly shifts: Shifts,
  ) {}

  get labels(): readonly string[] {
    return this.inner.labels;
  }

  async prepare(): Promise<void> {
    await Promise.all([this.inner.prepare(), loadLanguages()]);
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const verdict = this.inner.classify(text, options);
    return verdict instanceof Promise ? verdict.then(one => this.corrected(text, one)) : this.corrected(text, verdict);
  }

  private corrected(text: string, verdict: Verdict): Verdict | Promise<Verdict> {
    // Only what would be said can be taken back.
    if (verdict.best !== 1) return verdict;
    const guess = guessLanguage(text.slice(0, LANGUAGE_SAMPLE).replaceAll('\n', ' '));
    if (!(guess instanceof Promise)) return this.shifted(verdict, guess);
    return guess.then(
      known => this.shifted(verdict, known),
      () => verdict,
    );
  }

  private shifted(verdict: Verdict, guess: LanguageGuess | undefined): Verdict {
    const { byLanguage, threshold } = this.shifts;
    if (guess === undefined || guess.probability < SURE) return verdict;
    const by = Object.hasOwn(byLanguage, guess.language) ? byLanguage[guess.language]! : 0;
    if (by === 0) return verdict;
    const lowered = (p: number): number => p / (p + (1 - p) * Math.exp(by));
    const p = lowered(verdict.probabilities[1]!);
    const { spans: given = [], ...rest } = verdict;
    const spans = given.map(span => ({ ...span, score: lowered(span.score) })).filter(span => span.score >= threshold);
    const best = p >= threshold ? 1 : 0;
    return { ...rest, probabilities: Float32Array.of(1 - p, p), best, ...(spans.length > 0 && { spans }) };
  }
}
