import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classOf, HANGUL, IDEOGRAPH, PHRASED, SEPARATOR, SPACED } from '#router/signals/text/character-class.js';
import { folded } from '#router/signals/text/fold.js';
import { spacedText } from '#router/signals/text/spaced.js';
import { countWords } from '#router/signals/text/word-count.js';
import { hashOf, WordScanner } from '#router/signals/text/word-scanner.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('a', 'B', 'é', 'ß', ' ', '.', '学', 'カ', '한', 'ก', '𠀀', '\ud800', "'"),
    maxLength: 40,
  }),
);

describe('folding', () => {
  test.each([
    ['STRASSE', 'straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['ΟΔΟΣ και', 'οδοσ ΚΑΙ'],
    ['İstanbul', 'istanbul'],
    ['Ｆｕｌｌ　ｗｉｄｔｈ', 'full　width'],
    ['ｶﾞｲﾄﾞ', 'ガイド'],
    ['cafe\u0301', 'CAFÉ'],
  ])('%s is %s', (one, other) => {
    expect(folded(one)).toBe(folded(other));
  });

  test('accents are letters of their own', () => {
    expect(folded('résumé')).not.toBe(folded('resume'));
  });

  test('twice is once, and never makes a text more than three times as long', () => {
    fc.assert(
      fc.property(anyText, text => {
        const once = folded(text);
        expect(folded(once)).toBe(once);
        expect(once.length).toBeLessThanOrEqual(3 * text.length);
      }),
      { numRuns: 2000 },
    );
  });
});

test.each([
  ['a', SPACED],
  ['é', SPACED],
  ['ж', SPACED],
  ['7', SPACED],
  ['_', SPACED],
  ['\u0301', SPACED],
  ['学', IDEOGRAPH],
  ['𠀀', IDEOGRAPH],
  ['ひ', IDEOGRAPH],
  ['ー', IDEOGRAPH],
  ['한', HANGUL],
  ['ก', PHRASED],
  ['ិ', PHRASED],
  [' ', SEPARATOR],
  ['。', SEPARATOR],
  ['\ud800', SEPARATOR],
])('%s is of class %i', (character, kind) => {
  expect(classOf(character.codePointAt(0) ?? 0)).toBe(kind);
});

test('the scanner finds all words and nothing else, with the hash of each', () => {
  const scanner = new WordScanner();
  fc.assert(
    fc.property(anyText, text => {
      const words: string[] = [];
      let between = '';
      let end = 0;
      scanner.begin(text);
      while (scanner.next()) {
        const word = text.slice(scanner.start, scanner.end);
        expect(scanner.hash).toBe(hashOf(word));
        between += text.slice(end, scanner.start);
        end = scanner.end;
        words.push(word);
      }
      between += text.slice(end);
      expect(words.join('')).toBe([...text].filter(one => classOf(one.codePointAt(0) ?? 0) !== SEPARATOR).join(''));
      expect([...between].every(one => classOf(one.codePointAt(0) ?? 0) === SEPARATOR)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['Hello, world!', ' hello world '],
  ['credit-card  number', ' credit card number '],
  ['使用python编程', '使用 python 编程'],
  ['合同。法律', '合同 法律'],
  ['', ''],
  ['...', ''],
])('%s is read as "%s"', (text, spaced) => {
  expect(spacedText(folded(text))).toBe(spaced);
});

test.each([
  ["Don't panic: it's 42.", 4],
  ['dogs’ tails', 2],
  ['今天天气很好', 6],
  ['私はAIです', 5],
  ['안녕하세요 여러분', 2],
  ['snake_case and kebab-case', 4],
  ['ประเทศไทย', 3],
  ['', 0],
  ['— … !', 0],
])('%s has %i words', (text, words) => {
  expect(countWords(text)).toBe(words);
});
