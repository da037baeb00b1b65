import type { Scorer } from '#pool/placement/scorer.js';

/** Replicas whose last cold prompt is remembered. */
const MOST_REMEMBERED = 4096;

/**
 * Spreads cold prompts: of a prompt that no replica holds any of, the replica whose last cold prompt is longest ago gets 1, the most
 * recent 0, the others by rank between them. ½ for all when somebody holds some of it. Keeps cold prompts, which bring new cache
 * contents and the longest prefills, from landing together while load is too low to tell replicas apart (llm-d's `no-hit-lru`).
 */
export function noHitLru(): Scorer {
  const ranks: number[] = [];
  const turns = new Map<string, number>();
  let turn = 0;
  return {
    name: 'no-hit LRU',
    category: 'balance',
    readsPrefix: true,
    score({ request, replicas, match }, scores) {
      const count = replicas.length;
      if (count === 1 || (match !== undefined && match.deepest > 0)) {
        scores.fill(0.5, 0, count);
        return 0;
      }
      // Rank by counting who came before: the candidates are few, and nothing is allocated.
      for (let i = 0; i < count; i++) scores[i] = turns.get(replicas[i]!.id) ?? 0;
      for (let i = 0; i < count; i++) {
        ranks[i] = 0;
        for (let j = 0; j < count; j++) if (scores[j]! > scores[i]!) ranks[i]!++;
      }
      for (let i = 0; i < count; i++) scores[i] = ranks[i]! / (count - 1);
      return request.promptTokens;
    },
    committed(_request, replica, cold) {
      if (!cold) return;
      turns.delete(replica);
      if (turns.size >= MOST_REMEMBERED) turns.delete(turns.keys().next().value!);
      turns.set(replica, ++turn);
    },
    forget(replica) {
      turns.delete(replica);
    },
  };
}
