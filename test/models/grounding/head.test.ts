import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GROUNDING_FEATURES, GroundingContext } from '#models/grounding/features.js';
import { openGroundingHead, ungrounded } from '#models/grounding/grounding-head.js';
import { LONGEST_SENTENCE, sentenceEnds } from '#models/grounding/sentences.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';

const table = openStaticEmbedding();
const context = new GroundingContext(
  'Ada Lovelace was born in London in 1815. She wrote about the Analytical Engine of Charles Babbage.',
  'Where was Ada Lovelace born?',
  table,
);
const head = openGroundingHead();

describe('grounding of claims', () => {
  it.each([
    ['London', 'Paris'],
    ['She was born in London.', 'She was born in Saint Petersburg.'],
    ['Ada Lovelace was born in 1815.', 'Ada Lovelace was born in 1742.'],
    ['She wrote about the Analytical Engine.', 'She wrote novels about pirates and mermaids.'],
  ])('takes %j for likelier grounded than %j', (right, wrong) => {
    expect(ungrounded(head, context, right)!).toBeLessThan(ungrounded(head, context, wrong)!);
  });

  it('says nothing of what says nothing', () => {
    expect(ungrounded(head, context, 'It is.')).toBeUndefined();
    expect(ungrounded(head, context, '...')).toBeUndefined();
  });

  it('names the new words', () => {
    const claim = 'Ada was born in Vienna in 1999.';
    expect(context.novel(claim).map(({ start, end }) => claim.slice(start, end))).toEqual(['Vienna', '1999']);
  });

  it('gives shares between 0 and 1 of any text, and a probability', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), text => {
        const features = context.features(text);
        if (features === undefined) return;
        expect(features).toHaveLength(GROUNDING_FEATURES.length);
        for (const value of features) expect(Math.abs(value)).toBeLessThanOrEqual(1.0001);
        const probability = ungrounded(head, context, text)!;
        expect(probability > 0 && probability < 1).toBe(true);
      }),
    );
  });
});

describe('sentences', () => {
  it('ends at stops with a space behind them, at lines, and when they are too long', () => {
    const of = (text: string): string[] =>
      sentenceEnds(text).map((end, at, ends) => text.slice(ends[at - 1] ?? 0, end));
    expect(of('One. Two 1.5 three? "Four!" five')).toEqual(['One.', ' Two 1.5 three?', ' "Four!"']);
    expect(of('a\nb')).toEqual(['a\n']);
    expect(of('x'.repeat(LONGEST_SENTENCE + 5))).toEqual(['x'.repeat(LONGEST_SENTENCE)]);
  });

  it('finds the same sentences in a text however it comes in pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '. ', '\n', '!', ' ', 'b.c'), { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (parts, size) => {
          const text = parts.join('');
          const whole = sentenceEnds(text);
          const pieced: number[] = [];
          let rest = '';
          let at = 0;
          for (let from = 0; from < text.length; from += size) {
            rest += text.slice(from, from + size);
            const ends = sentenceEnds(rest);
            pieced.push(...ends.map(end => at + end));
            const last = ends.at(-1) ?? 0;
            at += last;
            rest = rest.slice(last);
          }
          expect(pieced).toEqual(whole);
        },
      ),
    );
  });
});
