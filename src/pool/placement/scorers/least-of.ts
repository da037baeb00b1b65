import type { ReplicaView } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/**
 * Scores by something of which less is better: 1 for none, 0 for the most that a candidate has.
 *
 * @param cost what a replica's tokens cost, given their mean over the candidates. It must grow with them.
 */
export function leastOf(
  name: string,
  weight: number,
  tokensOf: (replica: ReplicaView) => number,
  cost: (tokens: number, mean: number) => number = tokens => tokens,
): Scorer {
  return {
    name,
    category: 'balance',
    score({ replicas }, scores) {
      const count = replicas.length;
      let sum = 0;
      for (let i = 0; i < count; i++) sum += scores[i] = Math.max(0, tokensOf(replicas[i]!));
      let most = 0;
      for (let i = 0; i < count; i++) {
        scores[i] = cost(scores[i]!, sum / count);
        if (scores[i]! > most) most = scores[i]!;
      }
      for (let i = 0; i < count; i++) scores[i] = most > 0 ? 1 - scores[i]! / most : 1;
      return weight * most;
    },
  };
}
