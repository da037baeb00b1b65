import { GroundingContext } from '#models/grounding/features.js';
import { openGroundingHead, ungrounded } from '#models/grounding/grounding-head.js';
import { sentenceEnds } from '#models/grounding/sentences.js';
import { openPersonalData } from '#models/personal-data/finder.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';

/** What is found in a text, with the places: of personal data, or of what a context does not bear out. */
export interface Findings {
  readonly label: string | null;
  readonly score: number;
  readonly spans: readonly {
    readonly kind: string;
    readonly start: number;
    readonly end: number;
    readonly text: string;
  }[];
}

/** What a text is held against, where it is. */
export interface Against {
  readonly context: string;
  readonly question: string;
}

export const FINDING_KINDS = ['pii', 'grounding'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Finds personal data, or what goes beyond a context. */
export function findingsOf(kind: FindingKind): (text: string, against: Against) => Promise<Findings> {
  return kind === 'pii' ? personalFindings() : groundingFindings();
}

/** Label: the surest kind there is. Score: how many spans. */
function personalFindings() {
  const finder = openPersonalData();
  return async (text: string): Promise<Findings> => {
    const spans = (await finder.find(text)).map(span => ({ ...span, text: text.slice(span.start, span.end) }));
    return { label: spans[0]?.kind ?? null, score: spans.length, spans };
  };
}

/** Label: `grounded` or `ungrounded`. Score: the probability that every sentence is grounded. Spans: the sentences that are not, and their new words. */
function groundingFindings() {
  const head = openGroundingHead();
  const vectors = openStaticEmbedding();
  return (text: string, { context: given, question }: Against): Promise<Findings> => {
    const context = new GroundingContext(given, question, vectors);
    const spans: { kind: string; start: number; end: number; text: string }[] = [];
    let worst = 0;
    let from = 0;
    for (const end of [...sentenceEnds(text), text.length]) {
      const sentence = text.slice(from, end);
      const probability = ungrounded(head, context, sentence) ?? 0;
      worst = Math.max(worst, probability);
      if (probability >= head.threshold) {
        const start = from + sentence.length - sentence.trimStart().length;
        spans.push({ kind: 'sentence', start, end: from + sentence.trimEnd().length, text: sentence.trim() });
        for (const word of context.novel(sentence)) {
          spans.push({
            kind: 'word',
            start: from + word.start,
            end: from + word.end,
            text: sentence.slice(word.start, word.end),
          });
        }
      }
      from = end;
    }
    const score = Math.round((1 - worst) * 1e4) / 1e4;
    return Promise.resolve({ label: spans.length === 0 ? 'grounded' : 'ungrounded', score, spans });
  };
}
