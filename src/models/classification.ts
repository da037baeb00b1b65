import type { Classifier, Span, Verdict } from '#contract/learned.js';

/** A verdict as the command line and the API tell it. Field names are a contract with other programs. */
export interface Classification {
  /** Absent from no answer: `null` where none is likely enough. */
  readonly label: string | null;
  /** Probability of the label, or of the likeliest where none is said. */
  readonly score: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly tier: Verdict['tier'];
  /** Why it could not be computed as it should, where it could not. */
  readonly reason?: string;
  /** Whether that is because the model is still being loaded. */
  readonly loading?: true;
  /** Whether not all of the text was read. */
  readonly partial?: true;
  /** Of entities with what stands there. */
  readonly spans?: (Span & { readonly text?: string })[];
  readonly evidence?: { readonly text: string; readonly label: string; readonly likeness: number };
}

/** Labels whose probability is told where there are very many, and of these such as have any. */
const MOST_SCORES = 20;

/** Tells a verdict of a text. */
export function classificationOf({ labels, entities }: Classifier, verdict: Verdict, text: string): Classification {
  const { probabilities, best, sure, tier, reason, loading, partial, nearest, spans } = verdict;
  const ranked = labels.map((label, at) => [label, rounded(probabilities[at] ?? 0)] as const);
  const told = ranked.length <= MOST_SCORES ? ranked : likeliest(ranked);
  return {
    label: sure ? (labels[best] ?? null) : null,
    score: rounded(probabilities[best] ?? 0),
    scores: best < 0 ? {} : Object.fromEntries(told),
    tier,
    ...(reason !== undefined && { reason }),
    ...(loading !== undefined && { loading }),
    ...(partial !== undefined && { partial }),
    ...(spans !== undefined && {
      spans: spans.map(({ score, ...span }) => ({
        ...span,
        score: rounded(score),
        ...(entities === true && { text: text.slice(span.start, span.end) }),
      })),
    }),
    ...(nearest !== undefined && { evidence: { ...nearest, likeness: rounded(nearest.likeness) } }),
  };
}

function likeliest(ranked: readonly (readonly [string, number])[]): (readonly [string, number])[] {
  return [...ranked]
    .filter(([, probability]) => probability > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_SCORES);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
