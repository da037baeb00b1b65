/** What one user turn is scored at: the worse of jailbreak and unsafe, from 0 to 1, and the kind of hazard where it has one. */
export interface TurnRisk {
  readonly score: number;
  readonly hazard?: string;
}

export interface ConversationRisk {
  /** From 0 to 1, and never less than the worst turn. */
  readonly score: number;
  readonly peak: number;
  /** What the turns above the borderline come to together. */
  readonly accumulation: number;
  /** Kinds of hazard among them, beyond the first. */
  readonly diversity: number;
  /** The first turn above the borderline: where the conversation turned. */
  readonly seed?: number;
}

/** A turn at this score adds nothing. */
const BORDERLINE = 0.25;
const ACCUMULATION_WEIGHT = 0.5;
const DIVERSITY_WEIGHT = 0.1;
const MOST_KINDS = 3;

/**
 * Risk of a conversation by peak, accumulation and diversity. A mean of any kind, an exponential one too, stays at the level of the turns
 * however long an attack goes on; so the excess of each turn over a borderline adds up instead, as independent chances do:
 *
 *     A = 1 − Π (1 − max(0, (sₜ − b) / (1 − b))),  D = min(kinds − 1, 3) / 3,
 *     risk = 1 − (1 − max sₜ) (1 − ½ A) (1 − ⅒ D),  b = ¼
 *
 * which never falls as turns come, and grows in each score. Three turns of 0.4 come to 0.55. (After the peak-and-accumulation scoring of
 * arXiv 2602.11247, whose weights are for another classifier.) A single turn is its own risk.
 */
export function conversationRisk(turns: readonly TurnRisk[]): ConversationRisk {
  let [peak, left, raised] = [0, 1, 0];
  let seed: number | undefined;
  const kinds = new Set<string>();
  for (const [at, { score, hazard }] of turns.entries()) {
    peak = Math.max(peak, score);
    if (score <= BORDERLINE) continue;
    seed ??= at;
    raised++;
    left *= 1 - (score - BORDERLINE) / (1 - BORDERLINE);
    if (hazard !== undefined) kinds.add(hazard);
  }
  const accumulation = raised < 2 ? 0 : 1 - left;
  const diversity = Math.min(Math.max(0, kinds.size - 1), MOST_KINDS) / MOST_KINDS;
  const score = 1 - (1 - peak) * (1 - ACCUMULATION_WEIGHT * accumulation) * (1 - DIVERSITY_WEIGHT * diversity);
  return { score, peak, accumulation, diversity, ...(seed !== undefined && { seed }) };
}
