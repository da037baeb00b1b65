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
    const guess = guessLanguage(sampleOf(text));
    if (!(guess instanceof Promise)) return silenced(guess, languages) ?? classifier.classify(text, options);
    return guess.then(
      known => silenced(known, languages) ?? classifier.classify(text, options),
      () => classifier.classify(text, options),
    );
  }
}

/** The language of a text where it is clearly none of those known; nothing where it is one of them, or too short to tell. */
export async function foreignLanguage(text: string, known: readonly string[]): Promise<string | undefined> {
  try {
    return foreign(await guessLanguage(sampleOf(text)), known);
  } catch {
    // Without the model of languages nothing is silenced either.
    return undefined;
  }
}

function sampleOf(text: string): string {
  return text.slice(0, LANGUAGE_SAMPLE).replaceAll('\n', ' ');
}

function foreign(guess: LanguageGuess | undefined, known: readonly string[]): string | undefined {
  return guess === undefined || guess.probability < FOREIGN || known.includes(guess.language)
    ? undefined
    : guess.language;
}

function silenced(guess: LanguageGuess | undefined, known: readonly string[]): Verdict | undefined {
  const language = foreign(guess, known);
  if (language === undefined) return undefined;
  return {
    probabilities: new Float32Array(0),
    best: -1,
    sure: false,
    tier: 'fast',
    reason: `in ${language}, which this head does not know`,
  };
}
