import type { Picker } from '#pool/placement/picker.js';
import { maxScore } from './max-score.js';

/**
 * At random with chances ∝ e^(s / temperature), s being the scores stretched over [0, 1]: Dynamo's sampling. A temperature of 0 is
 * the highest score; at 1 the best is e times as likely as the worst.
 */
export function softmax(temperature: number): Picker {
  const best = maxScore();
  return {
    name: 'softmax',
    pick(replicas, scores, random) {
      const count = replicas.length;
      let least = Number.POSITIVE_INFINITY;
      let most = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < count; i++) {
        if (scores[i]! < least) least = scores[i]!;
        if (scores[i]! > most) most = scores[i]!;
      }
      if (temperature <= 0 || !(most > least)) return best.pick(replicas, scores, random);
      const stretch = 1 / ((most - least) * temperature);
      let sum = 0;
      for (let i = 0; i < count; i++) sum += Math.exp((scores[i]! - most) * stretch);
      let left = random.next() * sum;
      for (let i = 0; i < count; i++) {
        left -= Math.exp((scores[i]! - most) * stretch);
        if (left < 0) return i;
      }
      return count - 1;
    },
  };
}
