import type { ReplicaView } from '#pool/placement/placer.js';
import type { Scorer } from '#pool/placement/scorer.js';

/**
 * Scores by something of which less is better, over the range that the candidates span: (most − own) / (most − least), or 1 for all
 * when they are equal. A difference of one request counts as much as one of a hundred, if it is the only one there is.
 */
export function minMax(name: string, amountOf: (replica: ReplicaView) => number): Scorer {
  return {
    name,
    category: 'balance',
    score({ replicas }, scores) {
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < replicas.length; i++) {
        const amount = amountOf(replicas[i]!);
        scores[i] = amount;
        if (amount < least) least = amount;
        if (amount > most) most = amount;
      }
      const span = most - least;
      for (let i = 0; i < replicas.length; i++) scores[i] = span > 0 ? (most - scores[i]!) / span : 1;
      return span > 0 ? 1 : 0;
    },
  };
}
