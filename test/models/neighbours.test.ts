import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { parseHead } from '#models/heads/head-file.js';
import { LinearLayer } from '#models/heads/linear-layer.js';
import { compressed, NeighbourLayer, type NeighbourWeights, stepped } from '#models/heads/neighbour-layer.js';
import { TwoTiers } from '#models/heads/two-tiers.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import { fitNeighbours } from '#models/train/fit-neighbours.js';
import { tuned } from '#models/train/tuning.js';

const WIDTH = 96;

/** Vectors of length 1 around one centre a label. */
function examples(count: number, labels: number, spread: number, seed: number) {
  const random = seededRandom(seed);
  const centres = Array.from({ length: labels }, () => Float32Array.from({ length: WIDTH }, () => random.next() - 0.5));
  const of = Array.from({ length: count }, (_, at) => at % labels);
  const vectors = of.map(label => {
    const vector = centres[label]!.map(value => value + spread * (random.next() - 0.5));
    normalise(vector);
    return vector;
  });
  return { vectors, labels: of };
}

function layerOf({ vectors, labels }: ReturnType<typeof examples>, classes: number): NeighbourLayer {
  return new NeighbourLayer({ ...fitNeighbours(vectors, labels, seededRandom(1)), weight: 1 }, WIDTH, classes);
}

const likeliest = (scores: Float32Array): number => scores.indexOf(Math.max(...scores));

describe('the nearest examples', () => {
  test('say what a plain search over the whole vectors says, on vectors that were not kept', () => {
    const kept = examples(700, 14, 1.2, 3);
    const layer = layerOf(kept, 14);
    const fresh = examples(700, 14, 1.2, 3).vectors.map(vector => {
      const random = seededRandom(7);
      const moved = vector.map(value => value + 0.05 * (random.next() - 0.5));
      normalise(moved);
      return moved;
    });
    const agree = fresh.filter(vector => {
      const nearest = kept.vectors
        .map((other, at) => [dot(vector, other), kept.labels[at]!] as const)
        .sort((a, b) => b[0] - a[0])
        .slice(0, 15);
      const say = new Float32Array(14);
      for (const [cosine, label] of nearest) say[label]! += Math.exp((cosine - 1) / 0.05);
      return likeliest(say) === likeliest(layer.scores(vector));
    });
    expect(agree.length / fresh.length).toBeGreaterThan(0.9);
  });

  test.each([5, 7, 96])('are compared by all numbers of theirs, of vectors of %i too', width => {
    const { vectors, labels } = examples(40, 3, 1, 6);
    const short = vectors.map(vector => {
      const part = vector.slice(0, width);
      normalise(part);
      return part;
    });
    const weights = { ...fitNeighbours(short, labels, seededRandom(1)), weight: 1 };
    const axes = weights.axes.scales.length;
    const rows = Int8Array.from(Buffer.from(weights.rows, 'base64'));
    const places = Buffer.from(weights.labels, 'base64');
    const linear = new LinearLayer({ ...weights.axes, bias: weights.axes.scales.map(() => 0), temperature: 1 }, width);
    const layer = new NeighbourLayer(weights, width, 3);
    for (const vector of short) {
      const query = stepped(compressed(linear, vector), weights.step);
      const say = new Float32Array(3);
      Array.from({ length: 40 }, (_, at) => at)
        .map(at => ({ at, product: query.reduce((sum, value, i) => sum + value * rows[at * axes + i]!, 0) }))
        .sort((a, b) => b.product - a.product)
        .slice(0, 15)
        .forEach(({ at, product }) => {
          say[places.readUInt16LE(2 * at)]! += Math.exp((product * weights.step ** 2 - 1) / 0.05);
        });
      const all = say.reduce((sum, one) => sum + one, 0);
      for (const [label, score] of layer.scores(vector).entries())
        expect(score).toBeCloseTo(Math.log(say[label]! / all + 1e-3), 3);
    }
  });

  test('have shares that add up to one, whatever is asked', () => {
    const layer = layerOf(examples(300, 7, 2, 5), 7);
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: WIDTH, maxLength: WIDTH }),
        numbers => {
          const vector = Float32Array.from(numbers);
          normalise(vector);
          const shares = Array.from(layer.scores(vector), score => Math.exp(score) - 1e-3);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
          for (const share of shares) expect(share).toBeGreaterThan(-1e-5);
        },
      ),
    );
  });

  test('are the same for the same seed', () => {
    const { vectors, labels } = examples(3000, 4, 1, 11);
    const compress = () => fitNeighbours(vectors, labels, seededRandom(2));
    expect(compress()).toEqual(compress());
  });

  test('of which there are fewer than have a say are all asked', () => {
    const few = examples(4, 4, 0.1, 2);
    const layer = layerOf(few, 4);
    expect(few.vectors.map(vector => likeliest(layer.scores(vector)))).toEqual(few.labels);
  });

  test('that do not fit together are refused', () => {
    const { vectors, labels } = examples(20, 3, 1, 1);
    const weights: NeighbourWeights = { ...fitNeighbours(vectors, labels, seededRandom(1)), weight: 1 };
    expect(() => new NeighbourLayer({ ...weights, labels: 'AAA=' }, WIDTH, 3)).toThrow(RangeError);
    expect(() => new NeighbourLayer(weights, WIDTH, 2)).toThrow(RangeError);
    expect(() => new NeighbourLayer({ ...weights, cells: { ...weights.cells, ends: [19] } }, WIDTH, 3)).toThrow(
      RangeError,
    );
    expect(() => new NeighbourLayer(weights, WIDTH - 1, 3)).toThrow(RangeError);
  });
});

test('their weight is chosen on held-out texts: all of it where the linear scores know nothing, none where only these do', () => {
  const random = seededRandom(4);
  const texts = Array.from({ length: 200 }, (_, at) => {
    const truth = at % 3;
    const known = Float32Array.from({ length: 3 }, (_, label) => (label === truth ? 2 : 0) + random.next());
    return { truth, known, noise: known.map(() => -7 * random.next()) };
  });
  const of = (model: 'known' | 'noise', near: 'known' | 'noise') =>
    tuned(
      texts.map(text => ({ truth: text.truth, fast: undefined, model: text[model], near: text[near] })),
      0.4,
    ).near;
  expect(of('noise', 'known')).toBe(1);
  expect(of('known', 'noise')).toBe(0);
});

test('a head keeps them in its file and adds what they say to its linear scores', () => {
  const { vectors, labels } = examples(60, 2, 0.5, 8);
  const neighbours = { ...fitNeighbours(vectors, labels, seededRandom(1)), weight: 0.5 };
  const linear = {
    rows: Buffer.alloc(2 * WIDTH).toString('base64'),
    scales: [1, 1],
    bias: [0, 0.25],
    temperature: 1,
  };
  const head = parseHead(
    JSON.stringify({
      format: 1,
      kind: 'k',
      labels: ['a', 'b'],
      threshold: 0,
      model: { ...linear, embedder: 'm', width: WIDTH, neighbours },
    }),
    'a test',
  );
  const logits = new TwoTiers(head, false).modelLogits(vectors[0]!);
  const near = new NeighbourLayer(neighbours, WIDTH, 2).scores(vectors[0]!);
  expect(logits[0]).toBeCloseTo(0.5 * near[0]!, 5);
  expect(logits[1]).toBeCloseTo(0.25 + 0.5 * near[1]!, 5);
});
