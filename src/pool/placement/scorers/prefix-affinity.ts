import type { Scorer } from '#pool/placement/scorer.js';

/**
 * The share of the prompt that a replica need not compute: matched tokens over prompt tokens. Worth the prompt: each matched token
 * saves one token of prefill.
 */
export function prefixAffinity(): Scorer {
  return {
    name: 'prefix affinity',
    category: 'affinity',
    score({ request, replicas, match }, scores) {
      const { promptTokens, prefix } = request;
      for (let i = 0; i < replicas.length; i++) {
        const blocks = match === undefined ? 0 : match.blocksOn(replicas[i]!.id);
        scores[i] = promptTokens > 0 ? Math.min(1, (blocks * prefix.blockTokens) / promptTokens) : 0;
      }
      return promptTokens;
    },
  };
}
