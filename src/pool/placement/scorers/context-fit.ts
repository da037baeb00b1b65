import type { Scorer } from '#pool/placement/scorer.js';

/**
 * The tightest window: prompt plus expected answer over the context window. Keeps long windows for the prompts that only they take.
 * With it, pools of one model form one tier whatever their windows: the choice between them becomes one of weights, where it
 * otherwise is a strict order (tightest first, wider only when that is full).
 */
export function contextFit(): Scorer {
  return {
    name: 'context fit',
    category: 'affinity',
    score({ request, replicas }, scores) {
      const need = request.promptTokens + request.outputTokens;
      let least = 1;
      let most = 0;
      for (let i = 0; i < replicas.length; i++) {
        const fit = Math.min(1, need / replicas[i]!.contextTokens);
        scores[i] = fit;
        if (fit < least) least = fit;
        if (fit > most) most = fit;
      }
      return most > least ? need : 0;
    },
  };
}
