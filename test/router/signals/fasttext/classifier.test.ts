import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { getLIDModel } from 'fasttext.wasm.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { FastTextClassifier } from '#router/signals/fasttext/classifier.js';
import { labelTree } from '#router/signals/fasttext/label-tree.js';
import { readFastText } from '#router/signals/fasttext/model-file.js';
import labelled from '../labelled/languages.json' with { type: 'json' };

const file = readFileSync(
  createRequire(import.meta.url).resolve('fasttext.wasm.js/dist/models/language-identification/assets/lid.176.ftz'),
);
const sentences = Object.values(labelled.sentences).flat();
const unreadable = expect.objectContaining({ code: 'model.unavailable' });

describe('what a classifier says', () => {
  const own = new FastTextClassifier(readFastText(file));
  let fastText: (line: string) => [number, string];

  beforeAll(async () => {
    const model = await (await getLIDModel()).load();
    fastText = line => {
      const guesses = model.predict(line, 1, 0);
      const best = guesses.get(0);
      guesses.delete();
      return best;
    };
  });

  const agrees = (line: string): void => {
    const [probability, label] = fastText(line);
    const guess = own.best(line);
    expect([line, guess.label]).toEqual([line, label]);
    expect(guess.probability).toBeCloseTo(probability, 5);
  };

  test('is what fastText itself says of sentences in every language', () => {
    expect(sentences.length).toBeGreaterThan(150);
    sentences.forEach(agrees);
  });

  test.each([
    '',
    ' ',
    '</s>',
    'a </s> b',
    '__label__en',
    '__label__nothing ça va',
    '\u{1f600}',
    'a\0b',
    '\t\v\f\r',
    'x'.repeat(60),
  ])('is what fastText says of %j', agrees);

  test('is what fastText says of any line', () => {
    const words = sentences.flatMap(sentence => sentence.split(' '));
    const piece = fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    // A lone surrogate is no text, and each side of it makes its own of it; fastText reads no further than a line's end.
    const line = fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join(' ').replaceAll('\n', ' '));
    fc.assert(fc.property(line, agrees), { numRuns: 300 });
  });

  test('does not depend on what was asked before', () => {
    const alone = own.best('Qui est responsable de ce dommage ?');
    own.best('Kto jest odpowiedzialny za tę szkodę?');
    expect(own.best('Qui est responsable de ce dommage ?')).toEqual(alone);
  });
});

describe('a file that is no model', () => {
  test('is refused wherever it ends', () => {
    const cut = fc.integer({ min: 0, max: file.length - 1 });
    fc.assert(
      fc.property(cut, end => {
        expect(() => readFastText(file.subarray(0, end))).toThrow(unreadable);
      }),
      { numRuns: 50 },
    );
  });

  test('is refused, or gives a classifier that answers, whatever stands in it', () => {
    const field = fc.record({ at: fc.oneof(fc.nat(120), fc.nat(file.length - 1)), byte: fc.nat(255) });
    const broken = (fields: readonly { at: number; byte: number }[]): void => {
      const bytes = Uint8Array.from(file);
      for (const { at, byte } of fields) bytes[at] = byte;
      let classifier: FastTextClassifier;
      try {
        classifier = new FastTextClassifier(readFastText(bytes));
      } catch (error) {
        expect(error).toEqual(unreadable);
        return;
      }
      expect(classifier.best('bonjour tout le monde')).toEqual({
        label: expect.any(String),
        probability: expect.any(Number),
      });
    };
    fc.assert(fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), broken), { numRuns: 100 });
  });
});

test('a tree has each label as a leaf once, frequent ones no deeper than rare ones', () => {
  const counts = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 60 });
  const property = fc.property(counts, seen => {
    seen.sort((a, b) => b - a);
    const { left, right, labels, root } = labelTree(seen);
    const depth = new Map<number, number>();
    const walk = (node: number, at: number): void => {
      if (node < labels) {
        expect(depth.has(node)).toBe(false);
        depth.set(node, at);
        return;
      }
      walk(left[node] as number, at + 1);
      walk(right[node] as number, at + 1);
    };
    walk(root, 0);
    expect(depth.size).toBe(labels);
    for (let at = 1; at < labels; at++)
      if ((seen[at - 1] as number) > (seen[at] as number))
        expect(depth.get(at - 1)).toBeLessThanOrEqual(depth.get(at) as number);
  });
  fc.assert(property);
});
