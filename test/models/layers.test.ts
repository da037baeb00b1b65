import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { GramLayer } from '#models/heads/gram-layer.js';
import { parseHead } from '#models/heads/head-file.js';
import { LinearLayer } from '#models/heads/linear-layer.js';
import { GramCounter } from '#models/safety/gram-features.js';
import { folded } from '#models/safety/sparse-vector.js';

const bytes = (count: number, seed: number): Int8Array => {
  const random = seededRandom(seed);
  return Int8Array.from({ length: count }, () => random.below(255) - 127);
};
const base64 = (values: Int8Array): string => Buffer.from(values.buffer).toString('base64');

describe('the scores of a head', () => {
  test('are its rows times the vector, however many numbers a row has', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 21 }),
        fc.integer({ min: 1, max: 4 }),
        (numbers, labels) => {
          const width = numbers.length;
          const weights = bytes(labels * width, width);
          const scales = Array.from({ length: labels }, (_, label) => 0.01 * (label + 1));
          const bias = scales.map((_, label) => label - 1);
          const layer = new LinearLayer({ rows: base64(weights), scales, bias, temperature: 1 }, width);
          const vector = Float32Array.from(numbers);
          for (const [label, score] of layer.logits(vector).entries()) {
            const plain = vector.reduce((sum, value, i) => sum + weights[label * width + i]! * value, 0);
            expect(score).toBeCloseTo(plain * scales[label]! + bias[label]!, 4);
          }
        },
      ),
    );
  });

  test.each([256, 4096, 65_536])('get the same from n-grams in all places as from the same folded to %i', buckets => {
    const counter = new GramCounter();
    const weights = bytes(buckets * 3, buckets);
    const layer = new GramLayer({ buckets, rows: base64(weights), scales: [0.01, 0.02, 0.03] });
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), text => {
        const grams = counter.features(text);
        const [whole, small] = [new Float32Array(3), new Float32Array(3)];
        layer.addTo(whole, grams);
        layer.addTo(small, folded(grams, buckets));
        for (let label = 0; label < 3; label++) expect(whole[label]).toBeCloseTo(small[label]!, 3);
        expect(whole.some(score => score !== 0)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test.each([300, 128])('are refused where n-grams have %i places: no power of 2, or too few', buckets => {
    const linear = { rows: '', scales: [], bias: [], temperature: 1, embedder: 'm', width: 0 };
    const file = {
      format: 1,
      kind: 'k',
      labels: ['a'],
      threshold: 0,
      model: linear,
      fast: { ...linear, decisive: 2, grams: { buckets, rows: base64(new Int8Array(buckets)), scales: [1] } },
    };
    expect(() => parseHead(JSON.stringify(file), 'a test')).toThrow('is no head');
    expect(
      parseHead(
        JSON.stringify({ ...file, fast: { ...file.fast, grams: { ...file.fast.grams, buckets: 512 } } }),
        'a test',
      ).kind,
    ).toBe('k');
  });
});
