import { cachedTokens, type Scorer } from '#pool/placement/scorer.js';

/**
 * As `prefix`, but what many requests in flight share counts less: computing it once more is paid once and used by many
 * ({@link PrefixHeat} has the formula). So a hot prefix gets as many holders as its load asks for, while a conversation stays where it is.
 */
export function amortisedPrefix(): Scorer {
  return {
    name: 'prefix',
    category: 'affinity',
    readsPrefix: true,
    readsHeat: true,
    score(candidates, scores) {
      const { request, replicas, match, heat } = candidates;
      const { promptTokens } = request;
      const shared = heat?.shared === true;
      for (let i = 0; i < replicas.length; i++) {
        scores[i] = promptTokens > 0 ? cachedTokens(candidates, i) / promptTokens : 0;
        if (!shared || scores[i] === 0) continue;
        const blocks = match!.blocksOn(replicas[i]!.id);
        if (blocks > 0) scores[i]! *= heat!.worth(blocks) / blocks;
      }
      return promptTokens;
    },
  };
}
