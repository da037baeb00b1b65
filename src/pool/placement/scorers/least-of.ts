import type { ReplicaView } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/**
 * Scores by something of which less is better: 1 for none, 0 for the most that a candidate has.
 *
 * @param costs writes what each replica costs, 0 or more, in tokens. One loop of its own, so that no number is boxed on its way.
 */
export function leastOf(
  name: string,
  weight: number,
  costs: (replicas: readonly ReplicaView[], costs: Float64Array) => void,
): Scorer {
  return {
    name,
    category: 'balance',
    score({ replicas }, scores) {
      const count = replicas.length;
      costs(replicas, scores);
      let most = 0;
      for (let i = 0; i < count; i++) if (scores[i]! > most) most = scores[i]!;
      for (let i = 0; i < count; i++) scores[i] = most > 0 ? 1 - scores[i]! / most : 1;
      return weight * most;
    },
  };
}
