import { dot } from '#models/runtime/pooling.js';
import { sentencesOf } from './sentences.js';
import { pairsOf, type Term, termsOf } from './words.js';

/** Makes a text a vector of length 1; nothing of a text without a known word. */
export interface TextVectors {
  embed(text: string): Float32Array | undefined;
}

/** What of a claim is new, each a share between 0 and 1 that does not depend on how long the claim is. The order is that of the weights. */
export const GROUNDING_FEATURES = [
  'words neither in context nor question',
  'words not in context',
  'names neither in context nor question',
  'numbers neither in context nor question',
  'pairs of words neither in context nor question',
  'pairs of words not in context',
  'a negation',
  'of the words that the question has not, those not in context',
  'no word that the question has not',
  'likeness to the nearest sentence of the context',
  'likeness to the context',
] as const;

/** Sentences of a context that a claim is compared with. */
const MOST_SENTENCES = 256;
/** Characters of a context that are read: the end of a longer one. */
const MOST_CHARS = 65_536;
const NEGATIONS: ReadonlySet<string> = new Set(['not', 'no', 'never', 'neither', 'nor', 'none', 'cannot']);

/** What claims are held against: the context and the question, taken apart once. */
export class GroundingContext {
  private readonly words: ReadonlySet<string>;
  private readonly pairs: ReadonlySet<string>;
  private readonly questionWords: ReadonlySet<string>;
  private readonly questionPairs: ReadonlySet<string>;
  private readonly whole: Float32Array | undefined;
  private readonly sentences: readonly Float32Array[];

  constructor(
    context: string,
    question: string,
    private readonly vectors: TextVectors,
  ) {
    const read = context.slice(-MOST_CHARS);
    const terms = termsOf(read);
    const asked = termsOf(question);
    this.words = new Set(terms.map(({ stem }) => stem));
    this.pairs = new Set(pairsOf(terms));
    this.questionWords = new Set(asked.map(({ stem }) => stem));
    this.questionPairs = new Set(pairsOf(asked));
    this.whole = vectors.embed(read);
    this.sentences = sentencesOf(read, MOST_SENTENCES).flatMap(sentence => vectors.embed(sentence) ?? []);
  }

  /** Vectors that a claim is compared with. */
  get comparisons(): number {
    return this.sentences.length;
  }

  /** The features of a claim, in the order of {@link GROUNDING_FEATURES}; nothing of one that says nothing. */
  features(claim: string): Float64Array | undefined {
    const terms = termsOf(claim);
    const content = terms.filter(term => term.content);
    if (content.length === 0) return undefined;
    const { questionWords } = this;
    const known = ({ stem }: Term): boolean => this.words.has(stem) || questionWords.has(stem);
    const pairs = pairsOf(terms);
    const informing = content.filter(({ stem }) => !questionWords.has(stem));
    const vector = this.vectors.embed(claim);
    const nearest =
      vector === undefined ? 0 : this.sentences.reduce((most, one) => Math.max(most, dot(vector, one)), 0);
    return Float64Array.of(
      share(content, term => !known(term)),
      share(content, ({ stem }) => !this.words.has(stem)),
      share(content.filter(isName), term => !known(term)),
      share(content.filter(isNumber), term => !known(term)),
      share(pairs, pair => !this.pairs.has(pair) && !this.questionPairs.has(pair)),
      share(pairs, pair => !this.pairs.has(pair)),
      terms.some(({ text }) => NEGATIONS.has(text.toLowerCase())) ? 1 : 0,
      share(informing, ({ stem }) => !this.words.has(stem)),
      informing.length === 0 ? 1 : 0,
      nearest,
      vector === undefined || this.whole === undefined ? 0 : dot(vector, this.whole),
    );
  }

  /** The words of a claim that stand neither in the context nor in the question. */
  novel(claim: string): { readonly start: number; readonly end: number }[] {
    return termsOf(claim)
      .filter(({ content, stem }) => content && !this.words.has(stem) && !this.questionWords.has(stem))
      .map(({ start, text }) => ({ start, end: start + text.length }));
  }
}

function isName({ text }: Term): boolean {
  return /^\p{Lu}/u.test(text);
}

function isNumber({ text }: Term): boolean {
  return /^\p{N}/u.test(text);
}

/** The share of the items of which it holds; 0 of none. */
function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}
