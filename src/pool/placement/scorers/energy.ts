import type { Scorer } from '#pool/placement/scorer.js';

/**
 * Expected tokens a joule: what the replica's decoding would yield with this request in its batch, b sequences in all,
 *
 *     b / (GPUs · P(b) · τ(b))        P(b) logistic in log2 b, τ(b) the engine model's iteration time
 *
 * over the best of the candidates, or over an objective (tokens a joule that are enough), where all that meet it score 1. A larger batch shares the same watts, so this draws requests together: it saves energy while
 * there is little load and must be held by a scorer of load or headroom. ½ for a replica whose hardware is not described, ½ for all
 * when that is so of every one.
 */
export function energy(objective?: number): Scorer {
  return {
    name: 'energy',
    category: 'affinity',
    score({ request, replicas }, scores) {
      const tokens = request.promptTokens + request.outputTokens;
      let best = 0;
      for (let i = 0; i < replicas.length; i++) {
        const { forecast, inFlight, inFlightTokens } = replicas[i]!;
        const yielded = forecast === undefined ? -1 : forecast.tokensPerJoule(inFlight + 1, inFlightTokens + tokens);
        scores[i] = yielded;
        if (yielded > best) best = yielded;
      }
      const enough = objective ?? best;
      for (let i = 0; i < replicas.length; i++) scores[i] = scores[i]! < 0 ? 0.5 : Math.min(1, scores[i]! / enough);
      return best > 0 ? request.promptTokens : 0;
    },
  };
}
