import type { ScoreKind } from '#contract/learned.js';

/** Softmax or sigmoids of scores over a temperature (Guo et al., 2017). */
export function probabilitiesOf(row: Float32Array, scores: ScoreKind, temperature: number): Float32Array {
  if (scores === 'sigmoid') return row.map(score => 1 / (1 + Math.exp(-score / temperature)));
  const most = Math.max(...row);
  const powers = row.map(score => Math.exp((score - most) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map(power => power / sum);
}
