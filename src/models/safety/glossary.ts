import { readAsset } from '#models/assets.js';

/** Share of a text's words that must be in the glossary for the text to be of its language: of French nine in ten, of English one in ten. */
const OF_LANGUAGE = 0.45;
/** Words that are looked at to tell. */
const SAMPLE = 256;
/** Words that are remembered, those that are not in the glossary as well. */
const MOST_KNOWN = 16_384;
const LONGEST_KNOWN = 32;
const WORD = /(\p{L}+)(['’]?)/gu;

/**
 * A language told word by word in English, for models that know English alone (dictionary-based transfer, as of Hull and Grefenstette, 1996).
 * Order and inflection are lost; what a text is about is kept.
 */
export class Glossary {
  private readonly words = new Map<string, string>();
  private readonly beginnings = new Map<string, string>();
  private longest = 0;
  private known = new Map<string, string | undefined>();

  /** @param text lines of `english: form form beginning*`, and of comments behind `#`. */
  constructor(text: string) {
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (line.startsWith('#') || colon < 0) continue;
      const english = line.slice(0, colon);
      for (const form of line.slice(colon + 1).split(' ')) {
        if (form === '') continue;
        if (!form.endsWith('*')) this.words.set(form, english);
        else this.beginnings.set(form.slice(0, -1), english);
      }
    }
    for (const { length } of this.beginnings.keys()) this.longest = Math.max(this.longest, length);
  }

  /** The text word by word in English, what is not in the glossary as it is; none where the text is of another language. */
  of(text: string): string | undefined {
    const plain = text.normalize('NFC');
    if (!this.isOfLanguage(plain)) return undefined;
    return plain.replace(WORD, (whole, word: string, apostrophe: string) => {
      const english = this.english(word.toLowerCase());
      return english === undefined ? whole : apostrophe === '' ? english : `${english} `;
    });
  }

  private isOfLanguage(text: string): boolean {
    let [seen, known] = [0, 0];
    for (const [, word = ''] of text.matchAll(WORD)) {
      if (this.english(word.toLowerCase()) !== undefined) known++;
      if (++seen === SAMPLE) break;
    }
    return seen > 0 && known >= OF_LANGUAGE * seen;
  }

  private english(word: string): string | undefined {
    if (this.known.has(word)) return this.known.get(word);
    const found = this.lookedUp(word);
    if (this.known.size >= MOST_KNOWN) this.known = new Map();
    if (word.length <= LONGEST_KNOWN) this.known.set(word, found);
    return found;
  }

  /** By the word itself, else by the longest beginning, else without the `s` of the plural. */
  private lookedUp(word: string): string | undefined {
    const whole = this.words.get(word);
    if (whole !== undefined) return whole;
    for (let length = Math.min(word.length, this.longest); length > 1; length--) {
      const found = this.beginnings.get(word.slice(0, length));
      if (found !== undefined) return found;
    }
    return word.endsWith('s') ? this.words.get(word.slice(0, -1)) : undefined;
  }
}

/** Languages that there is a glossary of. */
export const GLOSSARIES = ['french'] as const;

/** @throws WeirError `model.unavailable`. */
export function openGlossary(language: (typeof GLOSSARIES)[number]): Glossary {
  return new Glossary(readAsset(`glossary/${language}.txt`).toString('utf8'));
}

/** The vector of a text with that of its gloss behind it, of length 1 when both are. */
export function withGloss(vector: Float32Array, ofGloss: Float32Array): Float32Array {
  const both = new Float32Array(vector.length + ofGloss.length);
  both.set(vector);
  both.set(ofGloss, vector.length);
  return both.map(value => value * Math.SQRT1_2);
}
