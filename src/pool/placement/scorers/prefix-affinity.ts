import { cachedTokens, type Scorer } from '#pool/placement/scorer.js';

/**
 * The share of the prompt that a replica need not compute: matched tokens over prompt tokens. Worth the prompt: each matched token
 * saves one token of prefill.
 */
export function prefixAffinity(): Scorer {
  return {
    name: 'prefix',
    category: 'affinity',
    readsPrefix: true,
    score(candidates, scores) {
      const { promptTokens } = candidates.request;
      for (let i = 0; i < candidates.replicas.length; i++) {
        scores[i] = promptTokens > 0 ? cachedTokens(candidates, i) / promptTokens : 0;
      }
      return promptTokens;
    },
  };
}
