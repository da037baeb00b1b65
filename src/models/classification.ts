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
  readonly spans?: Span[];
  readonly evidence?: { readonly text: string; readonly label: string; readonly likeness: number };
}

/** Labels whose probability is told where there are very many. */
const MOST_SCORES = 20;

/** Tells a verdict. */
export function classificationOf({ labels }: Classifier, verdict: Verdict): Classification {
  const { probabilities, best, sure, tier, reason, loading, nearest, spans } = verdict;
  const ranked = labels.map((label, at) => [label, rounded(probabilities[at] ?? 0)] as const);
  const told = ranked.length <= MOST_SCORES ? ranked : [...ranked].sort((a, b) => b[1] - a[1]).slice(0, MOST_SCORES);
  return {
    label: sure ? (labels[best] ?? null) : null,
    score: rounded(probabilities[best] ?? 0),
    scores: best < 0 ? {} : Object.fromEntries(told),
    tier,
    ...(reason !== undefined && { reason }),
    ...(loading !== undefined && { loading }),
    ...(spans !== undefined && { spans: spans.map(span => ({ ...span, score: rounded(span.score) })) }),
    ...(nearest !== undefined && { evidence: { ...nearest, likeness: rounded(nearest.likeness) } }),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
