import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenText } from '#engine-server/gguf/token-text.js';

/** A model whose tokens are bytes. */
const bytes = { detokenize: (tokens: readonly number[]) => Buffer.from(tokens).toString() };

test('characters of several tokens come whole, and all of them come', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), text => {
      const written = new TokenText(bytes, []);
      const pieces = [...Buffer.from(text)].map(token => written.push(token));
      expect(pieces.join('') + written.flush()).toBe(text);
      expect(pieces.join('')).not.toContain('\ufffd');
    }),
  );
});

test('a character that never becomes whole is held back for four tokens at most', () => {
  const written = new TokenText(bytes, []);
  expect([0xf0, 0x9f, 0x98].map(token => written.push(token))).toEqual(['', '', '']);
  expect(written.push(0xf0)).toContain('\ufffd');
  expect(written.push(0x41)).toBe('A');
  written.push(0xe2);
  expect(written.flush()).toBe('\ufffd');
});
