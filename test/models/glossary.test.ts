import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { Glossary, openGlossary, withGloss } from '#models/safety/glossary.js';
import { KernelLayer, likeness, toKernel } from '#models/safety/kernel-layer.js';
import { fitKernelRidge, productsOf } from '#models/train/kernel-ridge.js';

describe('a glossary', () => {
  const small = new Glossary('# comment\nthe: le la l\ndog: chien\nbark: aboi*\nfriend: ami');

  test('tells words, beginnings of words and plurals, and leaves what it does not know', () => {
    expect(small.of("Le chien ABOIE, l'ami zigzague")).toBe('the dog bark, the friend zigzague');
    expect(small.of('les chiens aboient le')).toBe('the dog bark the');
  });

  test('leaves texts of other languages alone', () => {
    const french = openGlossary('french');
    expect(french.of('How do I get to the station without being late for my train?')).toBeUndefined();
    expect(french.of('¿Cómo puedo llegar a la estación sin perder el tren de la mañana?')).toBeUndefined();
    expect(french.of('')).toBeUndefined();
    expect(french.of('Comment tuer mon voisin avec un couteau ?')).toBe('how kill my neighbour with a stab ?');
  });

  test('keeps everything but words, whatever the text is', () => {
    const french = openGlossary('french');
    const words = fc.constantFrom('le', 'la', 'vol', 'argent', "d'eau", 'été', 'x');
    const marks = fc.constantFrom(' ', '\n', '. ', ' 12 ', ' — ');
    fc.assert(
      fc.property(fc.array(fc.tuple(words, marks), { minLength: 1, maxLength: 40 }), pieces => {
        const text = pieces.flat().join('');
        const told = french.of(text) ?? text;
        const kept = (all: string): string => all.replace(/[\p{L}'’ ]+/gu, '');
        expect(kept(told)).toBe(kept(text));
      }),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => void french.of(text)),
      { numRuns: 30 },
    );
  });
});

test('a vector with that of its gloss has their mean product', () => {
  const [a, b, c] = [Float32Array.of(1, 0), Float32Array.of(0, 1), Float32Array.of(0.6, 0.8)];
  const [x, y] = [withGloss(a, b), withGloss(c, c)];
  expect(x.reduce((sum, v, i) => sum + v * y[i]!, 0)).toBeCloseTo((0.6 + 0.8) / 2, 6);
});

describe('kernel ridge regression', () => {
  const random = seededRandom(3);
  const unit = (): Float32Array => {
    const vector = Float32Array.from({ length: 8 }, () => random.next() * 2 - 1);
    const size = Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));
    return vector.map(v => v / size);
  };
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const vectors = Array.from({ length: 30 }, unit);
  const kernel = productsOf(30, (i, j) => likeness(dot(vectors[i]!, vectors[j]!), 4));
  const targets = [0, 1, 2].map(axis => Float64Array.from(vectors, vector => vector[axis]!));

  test('solves its equations for the chosen examples', () => {
    const chosen = [...vectors.keys()].filter(at => at % 3 !== 0);
    const mine = targets.map(target => Float64Array.from(chosen, at => target[at]!));
    for (const [column, alpha] of fitKernelRidge(kernel, chosen, 0.2, mine).entries()) {
      for (const [row, i] of chosen.entries()) {
        const told = chosen.reduce((sum, j, k) => sum + kernel.values[30 * i + j]! * alpha[k]!, 0.2 * alpha[row]!);
        expect(told).toBeCloseTo(mine[column]![row]!, 8);
      }
    }
  });

  test('in 8 bits says what it says in floats, nearly', () => {
    const alphas = fitKernelRidge(kernel, [...vectors.keys()], 0.2, targets);
    const layer = new KernelLayer(toKernel(4, vectors, alphas), 8);
    for (let round = 0; round < 20; round++) {
      const vector = unit();
      const exact = alphas.map(alpha =>
        vectors.reduce((sum, other, i) => sum + alpha[i]! * likeness(dot(vector, other), 4), 0),
      );
      for (const [label, score] of layer.scores(vector).entries()) expect(score).toBeCloseTo(exact[label]!, 1);
    }
  });

  test('parts of other sizes are refused', () => {
    const alphas = fitKernelRidge(kernel, [...vectors.keys()], 0.2, targets);
    expect(() => new KernelLayer(toKernel(4, vectors, alphas), 7)).toThrow(RangeError);
  });
});
