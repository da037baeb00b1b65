/** Words in a row that an answer must share with a prompt for it to be a leak. */
export const RUN = 12;
/** Longer ones are no words: what holds a word back until it is whole must have an end. */
export const LONGEST_WORD = 256;
const WORD = /[\p{L}\p{N}]+/gu;
/** A word of a prompt that no word of an answer is. */
const NO_WORD = -1;

/** A word in a text: letters and digits without anything between them, in lower case. */
export interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

export function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
}

/**
 * What a prompt says, to be looked up by words in a row: the places of its words, sorted by the words that begin there (a suffix array, as deep as
 * a run is long). It takes a few bytes a word, whatever the prompt repeats.
 */
export class PromptRuns {
  private readonly numbers = new Map<string, number>();
  private readonly words: Int32Array;
  private readonly sorted: Int32Array;

  constructor(prompt: readonly Word[]) {
    this.words = Int32Array.from(prompt, ({ word, start, end }) => {
      if (end - start > LONGEST_WORD) return NO_WORD;
      const known = this.numbers.get(word) ?? this.numbers.size;
      this.numbers.set(word, known);
      return known;
    });
    const { words } = this;
    this.sorted = Int32Array.from(words, (_, at) => at).sort((a, b) => {
      for (let i = 0; i < RUN; i++) {
        // A place beyond the end is `undefined`: it comes first.
        const order = (words[a + i] ?? -2) - (words[b + i] ?? -2);
        if (order !== 0) return order;
      }
      return 0;
    });
  }

  /** The number of a word of the prompt; `undefined` for all others. */
  numberOf({ word, start, end }: Word): number | undefined {
    return end - start > LONGEST_WORD ? undefined : this.numbers.get(word);
  }

  /** Whether the prompt has these words, at most {@link RUN} of them by their numbers, in a row. */
  has(row: readonly { readonly number: number }[]): boolean {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compared(this.sorted[middle]!, row);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  private compared(at: number, row: readonly { readonly number: number }[]): number {
    for (let i = 0; i < row.length; i++) {
      const order = (this.words[at + i] ?? -2) - row[i]!.number;
      if (order !== 0) return order;
    }
    return 0;
  }
}
