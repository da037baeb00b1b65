/** The lists there are, in the order of their sections in the file. */
export const LISTS = ['first', 'last', 'place', 'country'] as const;

/**
 * Lists of names that words are looked up in. A word on a list is a hint among others: most names are also words, and most names are on
 * no list.
 */
export class Gazetteer {
  /** One bit a list. */
  private readonly words = new Map<string, number>();

  /** @param text sections that begin with `# list`, one lower-case name a line. */
  constructor(text: string) {
    let bit = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith('# ')) bit = 1 << LISTS.indexOf(line.slice(2) as (typeof LISTS)[number]);
      else if (line !== '' && bit > 0) this.words.set(line, (this.words.get(line) ?? 0) | bit);
    }
  }

  /** The lists that a lower-case word is on, as a short text. */
  flags(lower: string): string {
    const bits = this.words.get(lower);
    return bits === undefined ? '-' : String(bits);
  }

  /** Without some of its words: what a tagger must learn from that is not to trust a list to be whole. */
  without(leftOut: (word: string) => boolean): Gazetteer {
    const fewer = new Gazetteer('');
    for (const [word, bits] of this.words) if (!leftOut(word)) fewer.words.set(word, bits);
    return fewer;
  }
}
