import { z } from 'zod';
import { share } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { Bm25Index, type Bm25Term, termsIn } from './bm25-index.js';
import { evidence, quoted } from './evidence.js';
import { scopedTexts, scopeSchema } from './scope.js';
import type { OptionProblem, SignalType } from './signal-type.js';
import { folded } from './text/fold.js';
import { notAllRead, whereIs } from './text/where.js';
import { WordScanner } from './text/word-scanner.js';

const MAX_DOCUMENTS = 64;
const MAX_ENTRIES = 512;
const MAX_ENTRY = 200;
/** Terms named in the evidence. */
const NAMED = 3;

const words = z
  .union([
    z
      .string()
      .trim()
      .min(1)
      .max(MAX_ENTRY * 10),
    z.array(z.string().trim().min(1).max(MAX_ENTRY)).min(1).max(MAX_ENTRIES),
  ])
  .meta({ title: 'words' });

const schema = z.strictObject({
  documents: z
    .record(z.string().trim().min(1).max(64), words)
    .refine(documents => Object.keys(documents).length >= 1 && Object.keys(documents).length <= MAX_DOCUMENTS, {
      message: `at least one document and at most ${MAX_DOCUMENTS}`,
    })
    .describe('The collection: for each topic, by the label it gives, the words that tell it.'),
  above: z.number().min(0).default(1).describe('True when the best document scores more than this.'),
  in: scopeSchema,
  k1: z
    .number()
    .min(0)
    .max(10)
    .default(1.2)
    .describe('How much more a word counts that stands in its document several times; 0: not at all.'),
  b: share.default(0.75).describe('How much the length of a document counts against it; 0: not at all.'),
});

type Bm25Options = z.output<typeof schema>;

/** Which of several topics, each given by its words, the text is about. */
export const bm25: SignalType<Bm25Options> = {
  type: 'bm25',
  summary: 'Which of several topics the text is about, by words weighted with BM25.',
  scoreMeaning: 'BM25 of the best document, counted in words that stand in one document only',
  labelMeaning: 'the best document, when it scores enough',
  cost: { tier: 'inline', microseconds: 8 },
  schema,
  check: problemsOf,
  build: (name, options) => {
    const matcher = new Bm25Matcher(options);
    return { name, type: 'bm25', cost: bm25.cost, evaluate: input => matcher.evaluate(input) };
  },
};

function indexOf({ documents, k1, b }: Bm25Options): Bm25Index {
  return new Bm25Index(
    Object.values(documents).map(text => (typeof text === 'string' ? [text] : text)),
    { k1, b },
  );
}

function problemsOf(options: Bm25Options): OptionProblem[] {
  const { highest } = indexOf(options);
  const empty = Object.keys(options.documents).flatMap((label, index): OptionProblem[] =>
    highest[index] === 0
      ? [{ code: 'config.invalid', path: ['documents', label], message: 'has no words: nothing can be about it' }]
      : [],
  );
  const most = Math.max(...highest);
  if (empty.length > 0 || options.above < most) return empty;
  const message = `no text scores more than ${options.above}: with every word of its document it has ${most.toFixed(2)}`;
  return [{ code: 'config.range', path: ['above'], message, hint: `less than ${most.toFixed(2)}` }];
}

const NO_WORD: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'no word of any document' });

class Bm25Matcher {
  private readonly index: Bm25Index;
  private readonly labels: readonly string[];
  private readonly scores: Float64Array;
  /** The evaluation in which a term was last seen: clears them all by counting on. */
  private readonly seenIn: Uint32Array;
  private evaluation = 0;
  private readonly found: Bm25Term[] = [];
  private readonly places: number[] = [];
  private readonly scanner = new WordScanner();

  constructor(private readonly options: Bm25Options) {
    this.index = indexOf(options);
    this.labels = Object.keys(options.documents);
    this.scores = new Float64Array(this.labels.length);
    this.seenIn = new Uint32Array(this.index.terms);
  }

  evaluate({ request }: SignalInput): SignalValue {
    const scoped = scopedTexts(request, this.options.in);
    this.begin();
    let base = 0;
    for (const text of scoped.texts) {
      this.read(folded(text), base);
      base += text.length;
    }
    const best = this.best();
    const score = Math.round(this.scores[best]! * 1e4) / 1e4;
    const holds = score > this.options.above;
    if (scoped.truncated && !holds) return { state: 'unknown', score, evidence: notAllRead(scoped) };
    if (score === 0) return NO_WORD;
    const label = this.labels[best] ?? '';
    const said = evidence(`${label} ${score.toFixed(2)}: ${this.said(best, offset => whereIs(offset, scoped))}`);
    // Without the label when too little was found: what compares labels is to be as sure as what asks for the state.
    return holds ? { state: 'true', score, label, evidence: said } : { state: 'false', score, evidence: said };
  }

  private begin(): void {
    this.scores.fill(0);
    this.found.length = 0;
    this.places.length = 0;
    this.evaluation = (this.evaluation + 1) >>> 0;
    if (this.evaluation === 0) {
      this.seenIn.fill(0);
      this.evaluation = 1;
    }
  }

  private read(text: string, base: number): void {
    termsIn(text, this.index, this.scanner, (term, start) => {
      if (term !== undefined) this.add(term, base + start);
    });
  }

  private add(term: Bm25Term, place: number): void {
    if (this.seenIn[term.id] === this.evaluation) return;
    this.seenIn[term.id] = this.evaluation;
    this.found.push(term);
    this.places.push(place);
    for (const { document, weight } of term.postings) this.scores[document]! += weight;
  }

  /** The document with the highest score; of several the first in the file. */
  private best(): number {
    let best = 0;
    for (let i = 1; i < this.scores.length; i++) if (this.scores[i]! > this.scores[best]!) best = i;
    return best;
  }

  private said(document: number, whereOf: (offset: number) => number): string {
    const here = this.found.flatMap((term, index) =>
      term.postings.some(posting => posting.document === document) ? [{ term, place: this.places[index]! }] : [],
    );
    const named = here.slice(0, NAMED).map(({ term, place }) => `${quoted(term.text)} at ${whereOf(place)}`);
    const rest = here.length > NAMED ? ` and ${here.length - NAMED} more` : '';
    return named.join(', ') + rest;
  }
}
