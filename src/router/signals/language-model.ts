import { languageOf } from './language-codes.js';

/** A guess at a language, with its probability. */
export interface LanguageGuess {
  readonly language: string;
  readonly probability: number;
}

/** Names the language of one line of text. */
export type LanguageModel = (line: string) => LanguageGuess;

/** The little of fastText's surface that is used here. */
interface FastText {
  predict(line: string, top: number, threshold: number): { get(index: number): [number, string]; delete(): void };
}

/**
 * fastText's language identification model lid.176 (Joulin et al., 2016; CC-BY-SA 3.0) in WebAssembly. One a process: 17 MB and
 * about 100 ms to load, so it loads on first demand and never on import.
 */
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
  const { getLIDModel } = await import('fasttext.wasm.js');
  const fastText: FastText = await (await getLIDModel()).load();
  return line => {
    const guesses = fastText.predict(line, 1, 0);
    const [probability, label] = guesses.get(0);
    guesses.delete();
    return { language: languageOf(label), probability: Math.min(1, probability) };
  };
}
