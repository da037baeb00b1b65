import type { Placement } from '#contract/placement.js';

/**
 * Why each loser of a placement lost, in the order of the losers: the filter that took it out, or the scorer that cost it most against the
 * replica chosen (weight × difference of scores); empty where nothing is known of what its score is made of.
 */
export function whyLost({ score, losers, parts }: Placement): string[] {
  return losers.map((loser, at) => {
    if (loser.filtered !== undefined) return loser.filtered;
    const scores = parts?.losers[at];
    if (loser.score > score) return 'scored higher, not drawn';
    if (parts === undefined || scores === undefined) return '';
    let most = 0;
    let name: string | undefined;
    for (const [i, scorer] of parts.scorers.entries()) {
      const behind = scorer.weight * ((parts.chosen[i] ?? 0) - (scores[i] ?? 0));
      if (behind > most) {
        most = behind;
        name = scorer.name;
      }
    }
    return name === undefined ? 'scored the same' : `${name} cost it ${Number(most.toFixed(3))}`;
  });
}
