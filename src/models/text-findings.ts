import type { LearnedTier } from '#contract/learned.js';
import { PERSONAL_KINDS, type PersonalDataFinder } from '#contract/personal-data.js';
import { GroundingContext } from '#models/grounding/features.js';
import { openGroundingHead, ungrounded } from '#models/grounding/grounding-head.js';
import { sentenceEnds } from '#models/grounding/sentences.js';
import { openPersonalData } from '#models/personal-data/finder.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';
import { Turns } from '#models/turns.js';

/** A place in a text, and how sure it is what `type` says. */
export interface Finding {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly score: number;
  readonly text: string;
}

/** What is found in a text, with the places: of personal data, or of what a context does not bear out. */
export interface Findings {
  readonly label: string | null;
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly spans: readonly Finding[];
  readonly tier: LearnedTier;
  /** Why not all of it was read that was to be. */
  readonly reason?: string;
}

/** What a text is held against, where it is. */
export interface Against {
  readonly context: string;
  readonly question: string;
}

export const FINDING_KINDS = ['pii', 'grounding'] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Whether a kind is one that tells spans rather than labels alone. */
export function isFindingKind(kind: string | undefined): kind is FindingKind {
  return FINDING_KINDS.some(known => known === kind);
}

/** Finds personal data, or what goes beyond a context. @param finder reads for `pii`; one of its own unless given. */
export function findingsOf(
  kind: FindingKind,
  finder?: PersonalDataFinder,
): (text: string, against: Against) => Promise<Findings> {
  if (kind === 'pii') return personalFindings(finder ?? openPersonalData());
  grounding ??= groundingFindings();
  return grounding;
}

/** Opened when it is first asked for: four megabytes of word vectors. */
let grounding: ReturnType<typeof groundingFindings> | undefined;

/**
 * How sure a kind of name is: the precision of the tagger on sentences whose template no part of its training has seen (docs/privacy.md). What is
 * told by form and check digits knows no degrees.
 */
const SURENESS: Readonly<Partial<Record<string, number>>> = {
  person: 0.841,
  place: 0.649,
  organization: 0.526,
  address: 0.559,
};

/** Label: the surest kind there is. Scores: of each kind that is there. */
function personalFindings(finder: PersonalDataFinder) {
  return async (text: string): Promise<Findings> => {
    const { spans: found, missed } = await finder.find(text);
    const spans = found.map(({ kind, start, end, score }) => ({
      type: kind,
      start,
      end,
      score: score === undefined ? (SURENESS[kind] ?? 1) : rounded(score),
      text: text.slice(start, end),
    }));
    const surest = new Map<string, number>(PERSONAL_KINDS.map(kind => [kind, 0]));
    for (const { type, score } of spans) surest.set(type, Math.max(score, surest.get(type) ?? 0));
    const scores = Object.fromEntries([...surest].filter(([, score]) => score > 0));
    const label = Object.keys(scores).sort((a, b) => scores[b]! - scores[a]!)[0] ?? null;
    const score = label === null ? 0 : scores[label]!;
    const tier = missed !== undefined ? 'busy' : finder.asksModels ? 'model' : 'fast';
    return { label, score, scores, spans, tier, ...(missed !== undefined && { reason: missed }) };
  };
}

/** What taking a sentence apart takes, in comparisons of vectors. */
const SENTENCE_WORK = 256;

/** Label: `grounded` or `ungrounded`. Score: the probability that every sentence is grounded. Spans: the sentences that are not, and their new words. */
function groundingFindings() {
  const head = openGroundingHead();
  const vectors = openStaticEmbedding();
  /** What was last held against: the texts of a request share it. */
  let last: { readonly given: string; readonly question: string; readonly context: GroundingContext } | undefined;
  return async (text: string, { context: given, question }: Against): Promise<Findings> => {
    if (last?.given !== given || last.question !== question)
      last = { given, question, context: new GroundingContext(given, question, vectors) };
    const { context } = last;
    const turns = new Turns();
    const spans: Finding[] = [];
    let worst = 0;
    let from = 0;
    for (const end of [...sentenceEnds(text), text.length]) {
      const sentence = text.slice(from, end);
      const probability = ungrounded(head, context, sentence) ?? 0;
      await turns.spent(context.comparisons + SENTENCE_WORK);
      worst = Math.max(worst, probability);
      if (probability >= head.threshold) {
        const score = rounded(probability);
        const start = from + sentence.length - sentence.trimStart().length;
        spans.push({ type: 'sentence', start, end: from + sentence.trimEnd().length, score, text: sentence.trim() });
        for (const word of context.novel(sentence)) {
          const place = { start: from + word.start, end: from + word.end };
          spans.push({ type: 'word', ...place, score, text: sentence.slice(word.start, word.end) });
        }
      }
      from = end;
    }
    const label = spans.length === 0 ? 'grounded' : 'ungrounded';
    const score = rounded(1 - worst);
    return { label, score, scores: { grounded: score, ungrounded: rounded(worst) }, spans, tier: 'fast' };
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
