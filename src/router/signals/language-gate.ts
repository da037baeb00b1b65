import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import { guessLanguage, LANGUAGE_SAMPLE, loadLanguages } from './language-guess.js';
import type { LanguageGuess } from './language-model.js';

/** How sure it must be that a text is in another language: an English text that is silenced costs more than a French one that is judged. */
const FOREIGN = 0.5;

/** A classifier that says nothing of texts in languages that it does not know. */
export class LanguageGate implements Classifier {
  constructor(private readonly classifier: Classifier) {}

  get labels(): readonly string[] {
    return this.classifier.labels;
  }

  get entities(): true | undefined {
    return this.classifier.entities;
  }

  get languages(): readonly string[] | undefined {
    return this.classifier.languages;
  }

  async prepare(): Promise<void> {
    await Promise.all([this.classifier.prepare(), this.languages === undefined ? undefined : loadLanguages()]);
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const { classifier, languages } = this;
    if (languages === undefined) return classifier.classify(text, options);
    const guess = guessLanguage(text.slice(0, LANGUAGE_SAMPLE).replaceAll('\n', ' '));
    if (!(guess instanceof Promise)) return foreign(guess, languages) ?? classifier.classify(text, options);
    return guess.then(
      known => foreign(known, languages) ?? classifier.classify(text, options),
      () => classifier.classify(text, options),
    );
  }
}

function foreign(guess: LanguageGuess | undefined, known: readonly string[]): Verdict | undefined {
  if (guess === undefined || guess.probability < FOREIGN || known.includes(guess.language)) return undefined;
  return {
    probabilities: new Float32Array(0),
    best: -1,
    sure: false,
    tier: 'fast',
    reason: `in ${guess.language}, which this head does not know`,
  };
}
