import { looksEnglish } from './english.js';
import { type LanguageGuess, loadLanguageModel, readyLanguageModel } from './language-model.js';
import { scriptOf } from './script.js';

/** Characters read at most: accuracy grows no further beyond, time does (`bench/language.mjs`). */
export const LANGUAGE_SAMPLE = 160;
/** Letters below which the guess is wrong too often to be one (4 % of 8 to 12 letters of English, at the default confidence). */
const MIN_LETTERS = 12;
/** What is said of a text that is English by its function words. */
const ENGLISH: LanguageGuess = Object.freeze({ language: 'en', probability: 0.99 });

/**
 * The language of one line: by its script where that tells, by English function words, else by fastText's model. Nothing for a line that is
 * too short. A promise only while the model loads, rejected when it cannot be loaded.
 */
export function guessLanguage(line: string): LanguageGuess | undefined | Promise<LanguageGuess> {
  if (line === last.line) return last.guess;
  const guess = guessed(line);
  if (!(guess instanceof Promise)) last = { line, guess };
  return guess;
}

/** The last line and what was said of it: every head of a request asks about the same one, and fastText takes as long as a fast tier. */
let last: { readonly line: string; readonly guess: LanguageGuess | undefined } = { line: '', guess: undefined };

function guessed(line: string): LanguageGuess | undefined | Promise<LanguageGuess> {
  const { letters, language } = scriptOf(line);
  if (language !== undefined) return { language, probability: 1 };
  if (letters < MIN_LETTERS) return undefined;
  if (looksEnglish(line)) return ENGLISH;
  const model = readyLanguageModel();
  return model === undefined ? loadLanguageModel().then(ready => ready(line)) : model(line);
}

/** Loads what a guess needs. Never rejects. */
export async function loadLanguages(): Promise<void> {
  await loadLanguageModel().catch(() => {});
}
