import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entitiesOf } from '#models/own/entities.js';
import { readTags } from '#models/own/tags.js';

/** One token a word; each word is told by the label that it is given. */
function told(labels: readonly string[], words: readonly [string, string][]): string[] {
  const { types, tags } = readTags(labels, 'O');
  const text = words.map(([word]) => word).join(' ');
  let at = 0;
  const places = words.map(([word]) => {
    const start = at;
    at += word.length + 1;
    return { start, end: start + word.length };
  });
  const rows = words.map(([, label]) => Float32Array.from(labels, one => (one === label ? 1 : 0)));
  return entitiesOf(text, places, rows, tags, 'first', false).map(
    ({ type, start, end }) => `${types[type]}:${text.slice(start, end)}`,
  );
}

const BIO = ['O', 'B-A', 'I-A', 'B-B', 'I-B'];
const IOBES = ['O', 'B-A', 'I-A', 'E-A', 'S-A'];
const BILOU = ['O', 'B-A', 'I-A', 'L-A', 'U-A'];

describe('labels of tokens become entities', () => {
  test.each<[string, readonly string[], [string, string][], string[]]>([
    [
      'begin and inside',
      BIO,
      [
        ['a', 'B-A'],
        ['b', 'I-A'],
        ['c', 'O'],
        ['d', 'B-A'],
      ],
      ['A:a b', 'A:d'],
    ],
    [
      'a new beginning ends what was',
      BIO,
      [
        ['a', 'B-A'],
        ['b', 'B-A'],
      ],
      ['A:a', 'A:b'],
    ],
    [
      'another type ends what was',
      BIO,
      [
        ['a', 'B-A'],
        ['b', 'I-B'],
      ],
      ['A:a', 'B:b'],
    ],
    [
      'inside without beginning begins',
      BIO,
      [
        ['a', 'I-A'],
        ['b', 'I-A'],
      ],
      ['A:a b'],
    ],
    [
      'end and single',
      IOBES,
      [
        ['a', 'B-A'],
        ['b', 'E-A'],
        ['c', 'I-A'],
        ['d', 'S-A'],
        ['e', 'I-A'],
      ],
      ['A:a b', 'A:c', 'A:d', 'A:e'],
    ],
    [
      'last and unit',
      BILOU,
      [
        ['a', 'B-A'],
        ['b', 'L-A'],
        ['c', 'U-A'],
        ['d', 'U-A'],
      ],
      ['A:a b', 'A:c', 'A:d'],
    ],
    [
      'labels without places',
      ['O', 'DATE', 'B'],
      [
        ['a', 'DATE'],
        ['b', 'DATE'],
        ['c', 'B'],
      ],
      ['DATE:a b', 'B:c'],
    ],
    [
      'types with marks in them',
      ['O', 'B-a-b', 'I-a-b'],
      [
        ['x', 'B-a-b'],
        ['y', 'I-a-b'],
      ],
      ['a-b:x y'],
    ],
  ])('%s', (_, labels, words, entities) => {
    expect(told(labels, words)).toEqual(entities);
  });

  test('the score is the mean, over words, of how likely they are of the type, wherever in it', () => {
    const { tags } = readTags(['O', 'B-A', 'I-A'], 'O');
    const rows = [Float32Array.of(0.2, 0.5, 0.3), Float32Array.of(0.4, 0.1, 0.5)];
    const places = [
      { start: 0, end: 1 },
      { start: 2, end: 3 },
    ];
    const [joined] = entitiesOf('a b', places, rows, tags, 'first', false);
    expect(joined!.score).toBeCloseTo((0.8 + 0.6) / 2, 6);
    const [apart] = entitiesOf('a b', places, rows, tags, 'first', true);
    expect(apart!.score).toBeCloseTo(0.5, 6);
  });

  test('in order, none over another, within the text, whatever the model says', () => {
    const { tags } = readTags(IOBES, 'O');
    const row = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
    const token = fc.record({ size: fc.nat(3), gap: fc.nat(2), row });
    const ways = fc.constantFrom('simple', 'first', 'average', 'max');
    fc.assert(
      fc.property(fc.array(token, { maxLength: 20 }), ways, (tokens, way) => {
        let at = 0;
        const places = tokens.map(({ size, gap }) => {
          const start = at + gap;
          at = start + size;
          return { start, end: at };
        });
        const text = 'x'.repeat(at);
        const rows = tokens.map(({ row: scores }) => Float32Array.from(scores));
        let last = 0;
        for (const { start, end, score } of entitiesOf(text, places, rows, tags, way, false)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(at);
      }),
    );
  });
});
