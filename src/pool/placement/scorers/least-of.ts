import type { ReplicaView } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/** Scores by a quantity of tokens of which less is better: 1 for none, 0 for the most that a candidate has. */
export function leastOf(name: string, weight: number, quantity: (replica: ReplicaView) => number): Scorer {
  return {
    name,
    category: 'balance',
    score({ replicas }, scores) {
      let most = 0;
      for (let i = 0; i < replicas.length; i++) {
        const tokens = Math.max(0, quantity(replicas[i]!));
        scores[i] = tokens;
        if (tokens > most) most = tokens;
      }
      for (let i = 0; i < replicas.length; i++) scores[i] = most > 0 ? 1 - scores[i]! / most : 1;
      return weight * most;
    },
  };
}
