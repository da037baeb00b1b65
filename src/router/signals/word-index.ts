import type { WordIndex } from '#contract/learned.js';
import { Bm25Index, type Bm25Term, termsIn } from './bm25-index.js';
import { isFunctionWord } from './english.js';
import { SPACED } from './text/character-class.js';
import { folded } from './text/fold.js';
import { WordScanner } from './text/word-scanner.js';

const PARAMETERS = { k1: 1.2, b: 0.75 };
/** Words up to this that stand in no text of the collection are taken for `is`, `of` and their like. */
const SHORT = 2;

/**
 * How much of what a text asks for stands in each of a collection's texts: its BM25 ({@link Bm25Index}), divided by the weight of all words of the text, a word that
 * the collection does not have weighing as much as one that stands in a single text. At most 1. Function words of English that the collection lacks do not count.
 */
export function wordIndex(texts: readonly string[]): WordIndex {
  const index = new Bm25Index(
    texts.map(text => [text]),
    PARAMETERS,
  );
  const scanner = new WordScanner();
  return {
    scores(text) {
      const known = new Set<Bm25Term>();
      const missing = new Set<number>();
      const body = folded(text);
      termsIn(body, index, scanner, (term, start, end, hash) => {
        if (term !== undefined) known.add(term);
        else if (!isFunctionWord(hash) && (scanner.kind !== SPACED || end - start > SHORT)) missing.add(hash);
      });
      const scores = new Float64Array(texts.length);
      let asked = missing.size;
      for (const { rarity, postings } of known) {
        asked += rarity;
        for (const { document, weight } of postings) scores[document]! += weight;
      }
      return asked === 0 ? scores : scores.map(score => Math.min(1, score / asked));
    },
  };
}
