import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { parseHead } from '#models/heads/head-file.js';
import { LandmarkLayer } from '#models/heads/landmark-layer.js';
import { LinearLayer, largestOf } from '#models/heads/linear-layer.js';
import { TwoTiers } from '#models/heads/two-tiers.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import { fitLandmarks, type LandmarkExamples } from '#models/train/fit-landmarks.js';
import { fitTiers } from '#models/train/fit-tiers.js';
import { fitKernelRidge, productsOf } from '#models/train/kernel-ridge.js';
import { trainHead } from '#models/train/train-head.js';

const WIDTH = 24;

/** Each label has two places on opposite sides: no plane tells one label from the others. */
function opposite(count: number, classes: number, seed: number, noise = 0.15): LandmarkExamples {
  const random = seededRandom(seed);
  const labels = Array.from({ length: count }, (_, at) => at % classes);
  const vectors = labels.map(label => {
    const side = random.next() < 0.5 ? -1 : 1;
    const vector = Float32Array.from({ length: WIDTH }, (_, i) => (i === label ? side : noise * (random.next() - 0.5)));
    normalise(vector);
    return vector;
  });
  return { vectors, labels, classes, weights: labels.map(() => 1) };
}

const layerOf = (examples: LandmarkExamples) => new LandmarkLayer(fitLandmarks(examples, seededRandom(1)), WIDTH);

describe('scores of nearness to landmarks', () => {
  test('tell apart what no straight line does', () => {
    const taught = opposite(300, 4, 1);
    const layer = layerOf(taught);
    const fresh = opposite(200, 4, 2);
    const right = fresh.vectors.filter((vector, at) => largestOf(layer.logits(vector)) === fresh.labels[at]);
    expect(right.length).toBe(200);
    const { model } = fitTiers(
      taught.vectors.map((vector, at) => ({ model: vector, fast: undefined, label: `${taught.labels[at]}` })),
      { labels: ['0', '1', '2', '3'], strength: 10, random: seededRandom(1) },
    );
    const straight = new LinearLayer(model, WIDTH);
    const byLine = fresh.vectors.filter((vector, at) => largestOf(straight.logits(vector)) === fresh.labels[at]);
    expect(byLine.length).toBeLessThan(150);
  });

  test('are those of kernel ridge regression where every example is a landmark, but for rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 12, max: 40 }),
        fc.nat(1000),
        (classes, count, seed) => {
          const examples = opposite(count, classes, seed);
          const layer = layerOf(examples);
          const { vectors, labels } = examples;
          const near = (a: Float32Array, b: Float32Array) => Math.exp(3 * (dot(a, b) - 1));
          const kernel = productsOf(count, (i, j) => near(vectors[i]!, vectors[j]!));
          const places = [...vectors.keys()];
          for (const label of Array(classes).keys()) {
            const share = labels.filter(own => own === label).length / count;
            const target = Float64Array.from(labels, own => Number(own === label) - share);
            const [alpha] = fitKernelRidge(kernel, places, 0.1, [target]);
            for (const vector of opposite(5, classes, seed + 1).vectors) {
              const exact = alpha!.reduce((sum, one, at) => sum + one * near(vectors[at]!, vector), share);
              expect(Math.abs(layer.logits(vector)[label]! / 10 - exact)).toBeLessThan(0.05);
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('have no more numbers than a file may hold, however wide vectors are', () => {
    const width = 1024 ** 2;
    const vectors = Array.from({ length: 10 }, (_, at) => {
      const vector = new Float32Array(width);
      vector[at] = 1;
      return vector;
    });
    const { landmarks } = fitLandmarks(
      { vectors, labels: vectors.map((_, at) => at % 2), weights: vectors.map(() => 1), classes: 2 },
      seededRandom(1),
    );
    expect(landmarks.scales.length).toBe(8);
  });

  test('have no more landmarks than they may, however many examples there are, and the same from the same seed', () => {
    const examples = opposite(300, 3, 5);
    const fitted = () => fitLandmarks(examples, seededRandom(4), 60);
    const { landmarks } = fitted();
    expect(landmarks.scales.length).toBeLessThanOrEqual(60);
    expect(landmarks.scales.length).toBeGreaterThan(40);
    expect(fitted()).toEqual(fitted());
    const layer = new LandmarkLayer(fitted(), WIDTH);
    const fresh = opposite(200, 3, 6);
    const right = fresh.vectors.filter((vector, at) => largestOf(layer.logits(vector)) === fresh.labels[at]);
    expect(right.length).toBeGreaterThan(195);
  });

  test('follow the weights of the examples', () => {
    const [vector, other] = opposite(2, 2, 8).vectors as [Float32Array, Float32Array];
    const examples = { vectors: [vector, vector, other], labels: [0, 1, 1], classes: 2 };
    const first = layerOf({ ...examples, weights: [9, 1, 1] }).logits(vector);
    const second = layerOf({ ...examples, weights: [1, 9, 1] }).logits(vector);
    expect(first[0]).toBeGreaterThan(first[1]!);
    expect(second[1]).toBeGreaterThan(second[0]!);
  });

  test('stand in a head’s file, and one whose parts are not of one size is refused', () => {
    const weights = fitLandmarks(opposite(40, 3, 3), seededRandom(1));
    const file = (model: object) =>
      parseHead(
        JSON.stringify({
          format: 1,
          kind: 'routes',
          labels: ['a', 'b', 'c'],
          threshold: 0.5,
          model: { ...weights, embedder: 'm', width: WIDTH, ...model },
        }),
        'a test',
      );
    const tiers = new TwoTiers(file({}), false);
    const [vector] = opposite(1, 3, 9).vectors;
    expect([...tiers.modelLogits(vector!)]).toEqual([...new LandmarkLayer(weights, WIDTH).logits(vector!)]);
    expect(() => new TwoTiers(file({ scales: weights.scales.slice(1) }), false)).toThrow(RangeError);
    expect(() => new TwoTiers(file({ bias: [0, 0] }), false)).toThrow(RangeError);
    expect(() => new TwoTiers(file({ width: WIDTH + 1 }), false)).toThrow(RangeError);
  });

  test.each([
    { sides: 2, kept: true, why: 'more is right by them' },
    { sides: 1, kept: false, why: 'linear scores do as well' },
  ])('are tried in training and kept ($kept) where $why', async ({ sides, kept }) => {
    const { vectors, labels } = opposite(240, 3, 11, 0.7);
    const texts = labels.map((label, at) => ({ text: `${at}`, label: 'abc'[label]! }));
    const head = await trainHead({
      kind: 'k',
      summary: '',
      data: [{ name: 'd', licence: '', texts, heldOut: 'tune' }],
      tests: [],
      embedder: 'm',
      embed: async asked =>
        asked.map(text => {
          const at = Number(text);
          const mirrored = sides === 1 && vectors[at]![labels[at]!]! < 0;
          return mirrored ? vectors[at]!.map(value => -value) : vectors[at]!;
        }),
      random: seededRandom(1),
      landmarks: true,
      date: '',
    });
    expect(head.model.landmarks !== undefined).toBe(kept);
    expect(parseHead(JSON.stringify(head), 'a test')).toEqual(head);
  });
});
