import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { GramLayer, toGramWeights } from '#models/heads/gram-layer.js';
import { LinearLayer, softmax, toWeights } from '#models/heads/linear-layer.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import { GramCounter } from '#models/safety/gram-features.js';
import { calibrationError, decisiveAt, fitTemperature, wilson } from '#models/train/calibration.js';
import { nearDuplicates } from '#models/train/duplicates.js';
import { fitSoftmax } from '#models/train/softmax-regression.js';

/** Points around one centre a class. */
function clusters(classes: number, each: number, width: number, spread: number, seed: number) {
  const random = seededRandom(seed);
  const centre = (label: number, i: number): number => Math.sin(1 + label * 7.3 + i * 3.7);
  const count = classes * each;
  const vectors = new Float32Array(count * width);
  const labels = Int32Array.from({ length: count }, (_, at) => at % classes);
  for (let at = 0; at < count; at++) {
    for (let i = 0; i < width; i++) vectors[at * width + i] = centre(labels[at]!, i) + spread * (random.next() - 0.5);
  }
  return { vectors, width, labels };
}

describe('logistic regression', () => {
  test('tells clusters apart that are apart, on points that it has not seen', () => {
    const { rows, bias } = fitSoftmax(clusters(5, 40, 12, 1, 1), { classes: 5, strength: 3, random: seededRandom(9) });
    const layer = new LinearLayer(toWeights(rows, bias, 1), 12);
    const fresh = clusters(5, 40, 12, 1, 2);
    let right = 0;
    for (let at = 0; at < fresh.labels.length; at++) {
      const p = layer.probabilities(fresh.vectors.subarray(at * 12, (at + 1) * 12));
      if (p.indexOf(Math.max(...p)) === fresh.labels[at]) right++;
    }
    expect(right / fresh.labels.length).toBeGreaterThan(0.97);
  });

  test('is at the minimum: no step along an axis makes the objective less', () => {
    const examples = clusters(3, 20, 4, 4, 3);
    const { rows, bias } = fitSoftmax(examples, { classes: 3, strength: 2, random: seededRandom(9) });
    const objective = (w: Float32Array, b: Float32Array): number => {
      let sum = 0;
      for (let at = 0; at < examples.labels.length; at++) {
        const scores = Float32Array.from(b, (bias, label) =>
          [0, 1, 2, 3].reduce((score, i) => score + w[label * 4 + i]! * examples.vectors[at * 4 + i]!, bias),
        );
        sum -= 2 * Math.log(softmax(scores, 1)[examples.labels[at]!]!);
      }
      return sum + w.reduce((penalty, value) => penalty + 0.5 * value * value, 0);
    };
    const least = objective(rows, bias);
    for (let i = 0; i < rows.length; i++) {
      for (const step of [-0.2, 0.2])
        expect(
          objective(
            rows.map((v, j) => (j === i ? v + step : v)),
            bias,
          ),
        ).toBeGreaterThan(least);
    }
  });

  test('n-grams tell apart what vectors do not', () => {
    const counter = new GramCounter();
    const texts = ['red apple', 'green apple', 'red pear', 'green pear', 'red fig', 'green fig'];
    const { bias, grams } = fitSoftmax(
      {
        vectors: new Float32Array(12),
        width: 2,
        labels: Int32Array.from(texts, text => (text.startsWith('red') ? 0 : 1)),
        grams: { buckets: 65_536, of: texts.map(text => counter.features(text)) },
      },
      { classes: 2, strength: 3, random: seededRandom(9) },
    );
    const layer = new GramLayer(toGramWeights(grams, 65_536, 2));
    for (const [text, label] of [
      ['red plum', 0],
      ['green plum', 1],
    ] as const) {
      const logits = Float32Array.from(bias);
      layer.addTo(logits, counter.features(text));
      expect(logits[label]).toBeGreaterThan(logits[1 - label]! + 1);
    }
  });
});

describe('calibration', () => {
  test('a temperature takes back by how much scores were blown up', () => {
    const random = seededRandom(5);
    const logits: Float32Array[] = [];
    const labels: number[] = [];
    for (let i = 0; i < 4000; i++) {
      const scores = Float32Array.of(random.next() * 4, random.next() * 4, random.next() * 4);
      const p = softmax(Float32Array.from(scores), 1);
      const u = random.next();
      labels.push(u < p[0]! ? 0 : u < p[0]! + p[1]! ? 1 : 2);
      logits.push(scores.map(score => score * 3));
    }
    expect(fitTemperature({ logits, labels })).toBeCloseTo(3, 0);
  });

  test('the error is none when probabilities are as they should be, and their distance when not', () => {
    const said = Array.from({ length: 100 }, () => ({ label: 0, probability: 0.7 }));
    const truths = said.map((_, i) => (i < 70 ? 0 : 1));
    expect(calibrationError(said, truths)).toBeCloseTo(0);
    expect(
      calibrationError(
        said,
        truths.map(() => 0),
      ),
    ).toBeCloseTo(0.3);
  });

  test('a cascade loses no more than half a point, and goes as far as it may', () => {
    const count = 1000;
    const truths = Array.from({ length: count }, () => 0);
    const model = truths.map(() => ({ label: 0, probability: 0.9 }));
    const fast = truths.map((_, i) => ({ label: i >= 600 && i % 2 === 0 ? 1 : 0, probability: 1 - i / count }));
    const decisive = decisiveAt(fast, model, truths);
    const lost = fast.filter(({ label, probability }) => probability >= decisive && label !== 0).length;
    // Five would be half a point here; two are as many as its upper bound leaves room for.
    expect(lost).toBe(2);
    expect(
      decisiveAt(
        fast.map(one => ({ ...one, label: 1 })),
        model,
        truths,
      ),
    ).toBeGreaterThan(0.99);
  });

  test('a cascade that was chosen on some texts loses no more on others', () => {
    let over = 0;
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed);
      const truths = Array.from({ length: 2000 }, () => 0);
      const answer = (chance: number, probability: number) => ({
        label: Number(random.next() > chance),
        probability,
      });
      const model = truths.map(() => answer(0.95, 0.95));
      // As right as it says, which is less than the model below 0.95.
      const fast = truths.map(() => 0.5 + random.next() / 2).map(p => answer(p, p));
      const from = Math.min(1, decisiveAt(fast, model, truths));
      // The integral of 0.95 − p over the texts that it decides.
      const loss = 2 * (0.95 * (1 - from) - (1 - from ** 2) / 2);
      over += Number(loss > 0.005);
    }
    expect(over).toBeLessThan(15);
  });

  test('Wilson’s interval is that of the textbook', () => {
    const [low, high] = wilson(0.8, 100);
    expect(low).toBeCloseTo(0.7112, 3);
    expect(high).toBeCloseTo(0.8666, 3);
  });

  test('near-duplicates are found by the angle', () => {
    const found = nearDuplicates([Float32Array.of(1, 0), Float32Array.of(0, 1)], [Float32Array.of(0.99, 0.141)], 0.95);
    expect([...found]).toEqual([0]);
  });

  test('near-duplicates are exactly those whose cosine is above, near the bound and in every block too', () => {
    const random = seededRandom(11);
    const unit = (from?: Float32Array, apart = 1): Float32Array => {
      const vector = Float32Array.from({ length: 384 }, (_, i) => (from?.[i] ?? 0) + apart * (random.next() - 0.5));
      normalise(vector);
      return vector;
    };
    const others = Array.from({ length: 2500 }, () => unit());
    // Cosines between .93 and .97, so that coarse products alone would be wrong about some.
    const vectors = Array.from({ length: 400 }, (_, at) =>
      unit(others[(at * 41) % others.length], 0.052 + (at % 7) / 500),
    );
    const cosines = vectors.map(vector => Math.max(...others.map(other => dot(vector, other))));
    const exact = cosines.flatMap((cosine, at) => (cosine > 0.95 ? [at] : []));
    expect(cosines.filter(cosine => Math.abs(cosine - 0.95) < 0.002).length).toBeGreaterThan(5);
    expect(exact.length).toBeGreaterThan(50);
    expect(exact.length).toBeLessThan(350);
    expect([...nearDuplicates(vectors, others, 0.95)]).toEqual(exact);
  });
});
