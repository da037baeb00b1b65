import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance } from '#router/signals/edit-distance.js';
import { fuzzy } from '#router/signals/fuzzy.js';
import { FuzzyMatcher } from '#router/signals/fuzzy-matcher.js';
import { fuzzyTerm } from '#router/signals/fuzzy-terms.js';
import { GramMatcher } from '#router/signals/gram-matcher.js';
import { ngram } from '#router/signals/ngram.js';
import { folded } from '#router/signals/text/fold.js';
import { accepts, problemsOf, readOf } from './build.js';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 1, maxLength: 9 });

/** The plain way: by the definition of optimal string alignment, without a limit. */
function distance(one: string, other: string, swaps: boolean): number {
  const table = Array.from({ length: one.length + 1 }, (_, i) =>
    Array.from({ length: other.length + 1 }, (__, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= one.length; i++) {
    for (let j = 1; j <= other.length; j++) {
      const ways = [
        table[i - 1]![j]! + 1,
        table[i]![j - 1]! + 1,
        table[i - 1]![j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1),
      ];
      if (swaps && i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        ways.push(table[i - 2]![j - 2]! + 1);
      }
      table[i]![j] = Math.min(...ways);
    }
  }
  return table[one.length]![other.length]!;
}

describe('edit distance', () => {
  test('is what the definition says, up to the limit', () => {
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 0, max: 3 }), fc.boolean(), (one, other, limit, swaps) => {
        const found = editDistance(one, `xx${other}yy`, 2, 2 + other.length, limit, swaps);
        expect(found).toBe(Math.min(distance(one, other, swaps), limit + 1));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('fuzzy', () => {
  test.each([
    ['exactly', ['liability'], 'who bears liability?', 'true', 1],
    ['a letter missing', ['liability'], 'who bears LIABILTY?', 'true', 0.8889],
    ['two letters wrong in a long word', ['indemnification'], 'indemnefacation', 'true', 0.8667],
    ['neighbours exchanged count once', ['contract'], 'this contrcat', 'true', 0.875],
    ['nothing is forgiven in short words', ['tort'], 'port sort tore', 'false', 0],
    ['a phrase', ['credit card'], 'my credti-card was charged', 'true', 0.9091],
    ['not over the end of a phrase', ['credit card'], 'credit', 'false', 0],
    ['whole words only', ['contract'], 'subcontracting', 'false', 0],
    ['German in capitals', ['Großhandel'], 'GROSHANDEL', 'true', 0.9091],
    ['Cyrillic', ['договор'], 'этот договр', 'true', 0.8571],
    ['Chinese exactly', ['机器学习'], '我想学机器学习算法', 'true', 1],
    ['Chinese with one character wrong', ['机器学习'], '我想学机气学习算法', 'true', 0.75],
    ['not in short Chinese', ['合同'], '合约', 'false', 0],
    ['Japanese', ['プログラミング'], 'プログラミンゴを習う', 'true', 0.8571],
    ['Korean with particles', ['개인정보보호법'], '개인정보보호볍을', 'true', 0.8571],
  ])('%s', (_what, any, text, state, score) => {
    expect(readOf(fuzzy, { any }, text)).toMatchObject({ state, score });
  });

  test('says which term, as what, where', () => {
    expect(readOf(fuzzy, { any: ['tort', 'liability'] }, 'who bears LIABILTY?')).toEqual({
      state: 'true',
      score: 0.8889,
      label: 'liability',
      evidence: '"liability" as "liabilty", 1 edit, at 10',
    });
    expect(readOf(fuzzy, { any: ['liability'] }, 'liability').evidence).toBe('"liability" at 0');
  });

  test('finds what comparing everything with everything finds', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'e'), minLength: 5, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), fc.array(word, { maxLength: 8 }), (terms, words) => {
        const nearest = Math.min(
          ...terms.flatMap(term =>
            words.map(one => distance(term, one, true) / term.length).filter(d => d * term.length <= 1),
          ),
        );
        const match = new FuzzyMatcher(terms.map(term => fuzzyTerm(term, 1))).best([words.join(' ')]);
        expect(match === undefined ? Number.POSITIVE_INFINITY : 1 - match.similarity).toBeCloseTo(nearest, 9);
      }),
      { numRuns: 1000 },
    );
  });

  test('finds in unspaced text what comparing with every stretch of it finds', () => {
    const run = (min: number, max: number) =>
      fc.string({ unit: fc.constantFrom('学', '习', '机', '器'), minLength: min, maxLength: max });
    fc.assert(
      fc.property(run(5, 7), run(0, 14), fc.integer({ min: 0, max: 2 }), (term, text, edits) => {
        let nearest = Number.POSITIVE_INFINITY;
        for (let from = 0; from <= text.length; from++) {
          for (let to = from + 1; to <= text.length; to++) {
            nearest = Math.min(nearest, distance(term, text.slice(from, to), false));
          }
        }
        const match = new FuzzyMatcher([fuzzyTerm(term, edits)]).best([text]);
        expect(match?.edits).toBe(nearest <= edits ? nearest : undefined);
      }),
      { numRuns: 1000 },
    );
  });

  test('what nothing or everything would be is a problem', () => {
    expect(problemsOf(fuzzy, { any: ['contract', 'Contract'] })).toMatchObject([
      { code: 'config.duplicate', path: ['any', 1] },
    ]);
    expect(problemsOf(fuzzy, { any: ['ab'], edits: 1 })).toMatchObject([{ code: 'config.range', path: ['any', 0] }]);
    expect(problemsOf(fuzzy, { any: ['a b c d e'] })).toMatchObject([{ code: 'config.range', path: ['any', 0] }]);
    expect(problemsOf(fuzzy, { any: ['!!!'] })).toMatchObject([{ code: 'config.invalid' }]);
    expect(problemsOf(fuzzy, { any: ['contract', '合同'] })).toEqual([]);
    expect(accepts(fuzzy, { any: ['x'], edits: 3 })).toBe(false);
  });

  test('a text of near misses only is given up on, as unknown', () => {
    const any = ['abcdefgh', 'abcdfehg'];
    expect(readOf(fuzzy, { any, edits: 2 }, 'hgfedcba '.repeat(4_000)).state).toBe('false');
    expect(readOf(fuzzy, { any, edits: 2 }, 'hgfedcba '.repeat(5_000)).state).toBe('unknown');
  });
});

describe('ngram', () => {
  test.each([
    ['exactly', ['insurance'], 'car insurance?', 'true', 1],
    ['another ending', ['insurance'], 'two insurances', 'true', 0.8889],
    ['in a compound', ['Versicherung'], 'Krankenversicherung', 'true', 0.9167],
    ['run together', ['health insurance'], 'healthinsurance', 'true', 0.8125],
    ['in the wrong order not', ['abcdef ghijkl'], 'ghijkl xxxxxxxxxxxx abcdef', 'false', 0.4615],
    ['another word not', ['insurance'], 'assurance', 'false', 0.6667],
    ['Chinese by twos', ['人工智能技术'], '人工智能的技术', 'true', 0.8],
    ['Japanese', ['機械学習'], 'この機械学習は', 'true', 1],
    ['Chinese elsewhere not', ['机器学习'], '机场和学校', 'false', 0],
    ['Korean', ['계약서'], '이 계약서는', 'true', 1],
    ['a single letter', ['x'], 'y x z', 'true', 1],
  ])('%s', (_what, any, text, state, score) => {
    expect(readOf(ngram, { any }, text)).toMatchObject({ state, score });
  });

  test('says which term, how much of it, where', () => {
    expect(readOf(ngram, { any: ['claim', 'insurance'] }, 'two insurances')).toEqual({
      state: 'true',
      score: 0.8889,
      label: 'insurance',
      evidence: '"insurance" 0.89 at 3',
    });
  });

  test('the share is that of the best stretch, a quarter longer than the term', () => {
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 20 }), (term, text) => {
        const grams = (of: string) => {
          const padded = of === '' ? '' : ` ${of} `;
          return Array.from({ length: Math.max(0, padded.length - 2) }, (_, at) => padded.slice(at, at + 3));
        };
        const wanted = new Set(grams(term));
        const there = grams(text);
        const width = term.length + Math.max(1, Math.floor(term.length / 4));
        const shares = there.map((_, at) => {
          const stretch = new Set(there.slice(Math.max(0, at - width + 1), at + 1));
          return [...wanted].filter(gram => stretch.has(gram)).length / wanted.size;
        });
        expect(new GramMatcher([term], 3).best([folded(text)])?.share ?? 0).toBeCloseTo(Math.max(0, ...shares), 9);
      }),
      { numRuns: 1000 },
    );
  });

  test('two texts are never one', () => {
    expect(new GramMatcher(['abcdef'], 3).best(['abc', 'def'])?.share).toBeLessThan(0.6);
  });

  test('duplicates and shares that nothing reaches are problems', () => {
    expect(problemsOf(ngram, { any: ['Straße', 'STRASSE'] })).toMatchObject([
      { code: 'config.duplicate', path: ['any', 1] },
    ]);
    expect(problemsOf(ngram, { any: ['a'], above: 1 })).toMatchObject([{ code: 'config.range' }]);
    expect(accepts(ngram, { any: ['a'], size: 7 })).toBe(false);
  });

  test('a text of nothing but grams of many terms is given up on, as unknown', () => {
    const any = Array.from({ length: 64 }, (_, i) => `aaaa${i}`);
    expect(readOf(ngram, { any, above: 0.9 }, 'a'.repeat(60_000)).state).toBe('unknown');
  });
});

test.each([
  [fuzzy, { any: ['liability'] }],
  [ngram, { any: ['liability'] }],
] as const)('absence is not certain where part was not read', (type, options) => {
  const long = `${'x '.repeat(40_000)}`;
  expect(readOf(type, options, long).state).toBe('unknown');
  expect(readOf(type, options, `${long}liability`)).toMatchObject({
    state: 'true',
    evidence: expect.stringMatching(/at (80000|79999)/),
  });
});
