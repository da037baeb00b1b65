import { cachedTokens, type Scorer } from '#pool/placement/scorer.js';

export interface CacheAwareOptions {
  /** Share of the prompt above which the longest match decides: 0.5 unless said. */
  readonly cacheThreshold?: number;
  /** Load is uneven when most − least requests exceed this … */
  readonly absolute?: number;
  /** … and most exceeds this many times the least. */
  readonly relative?: number;
}

/**
 * SGLang Model Gateway's `cache_aware`. With requests in flight as load:
 *
 * - most − least > 16 **and** most > 1.5 · least: the least loaded;
 * - else matched / prompt > 0.5 for the longest match: one that holds it;
 * - else the least loaded.
 *
 * Thresholds as its start-up log prints them. Its tree of characters is replaced by the index of prefix blocks that all placers share.
 */
export function sglangCacheAware(options: CacheAwareOptions = {}): Scorer {
  const { cacheThreshold = 0.5, absolute = 16, relative = 1.5 } = options;
  return {
    name: 'sglang cache aware',
    category: 'rule',
    readsPrefix: true,
    score(candidates, scores) {
      const { request, replicas } = candidates;
      let least = Number.POSITIVE_INFINITY;
      let most = 0;
      let deepest = 0;
      for (let i = 0; i < replicas.length; i++) {
        const { inFlight } = replicas[i]!;
        if (inFlight < least) least = inFlight;
        if (inFlight > most) most = inFlight;
        scores[i] = cachedTokens(candidates, i);
        if (scores[i]! > deepest) deepest = scores[i]!;
      }
      const uneven = most - least > absolute && most > relative * least;
      const follow = !uneven && deepest > cacheThreshold * request.promptTokens;
      for (let i = 0; i < replicas.length; i++) {
        scores[i] = follow ? scores[i]! / deepest : 1 - replicas[i]!.inFlight / (most + 1);
      }
      return 1;
    },
  };
}
