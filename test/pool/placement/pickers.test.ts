import { expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import type { Picker } from '#pool/placement/picker.js';
import { inTurn } from '#pool/placement/pickers/in-turn.js';
import { maxScore } from '#pool/placement/pickers/max-score.js';
import { powerOfTwo } from '#pool/placement/pickers/power-of-two.js';
import { softmax } from '#pool/placement/pickers/softmax.js';
import { weightedRandom } from '#pool/placement/pickers/weighted-random.js';
import { pickerContract } from '../../contracts/picker.js';
import { replicaView } from '../../contracts/placer.js';

pickerContract('max', maxScore);
pickerContract('weighted random', weightedRandom);
pickerContract('power of two', powerOfTwo);
pickerContract('softmax', () => softmax(1));
pickerContract('softmax at 0', () => softmax(0));
pickerContract('in turn', inTurn, { blind: true });

function shares(picker: Picker, scores: readonly number[], draws = 40_000): number[] {
  const random = seededRandom(11);
  const views = scores.map((_, i) => replicaView(`r${i}`));
  const counts = scores.map(() => 0);
  for (let i = 0; i < draws; i++) counts[picker.pick(views, Float64Array.from(scores), random)]!++;
  return counts.map(count => count / draws);
}

test('weighted random: chances are the scores over their sum', () => {
  const [a, b, c] = shares(weightedRandom(), [0.6, 0.3, 0.1]);
  expect(a).toBeCloseTo(0.6, 1);
  expect(b).toBeCloseTo(0.3, 1);
  expect(c).toBeCloseTo(0.1, 1);
  expect(shares(weightedRandom(), [0.5, 0, 0.5])[1]).toBe(0);
});

test('softmax: chances as e to the stretched score over the temperature', () => {
  const sum = 1 + Math.exp(-0.5) + Math.exp(-1);
  const [a, b, c] = shares(softmax(1), [0.7, 0.6, 0.5]);
  expect(a).toBeCloseTo(1 / sum, 1);
  expect(b).toBeCloseTo(Math.exp(-0.5) / sum, 1);
  expect(c).toBeCloseTo(Math.exp(-1) / sum, 1);
  expect(shares(softmax(0.01), [0.7, 0.6, 0.5], 500)).toEqual([1, 0, 0]);
});
