// biome-ignore-start lint/style/noRestrictedImports: data of a package, found and read as its code would be by an import.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
// biome-ignore-end lint/style/noRestrictedImports: data of a package.
import { FastTextClassifier } from './fasttext/classifier.js';
import { readFastText } from './fasttext/model-file.js';
import { languageOf } from './language-codes.js';

const FILE = 'fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz';

/** A guess at a language, with its probability. */
export interface LanguageGuess {
  readonly language: string;
  readonly probability: number;
}

/** Names the language of one line of text. */
export type LanguageModel = (line: string) => LanguageGuess;

/** fastText's language identification model lid.176 (Joulin et al., 2016; CC-BY-SA 3.0), which an npm package carries. One a process, from first demand on. */
let loading: Promise<LanguageModel> | undefined;
let loaded: LanguageModel | undefined;

/** The model if it is ready to be called at once. */
export function readyLanguageModel(): LanguageModel | undefined {
  return loaded;
}

/** Loads the model, once. Rejects when it cannot be loaded; the next call tries again. */
export function loadLanguageModel(): Promise<LanguageModel> {
  loading ??= load().then(
    model => {
      loaded = model;
      return model;
    },
    (cause: unknown) => {
      loading = undefined;
      throw cause;
    },
  );
  return loading;
}

async function load(): Promise<LanguageModel> {
  const classifier = new FastTextClassifier(readFastText(await readFile(createRequire(import.meta.url).resolve(FILE))));
  return line => {
    const { label, probability } = classifier.best(line);
    return { language: languageOf(label), probability: Math.min(1, probability) };
  };
}
