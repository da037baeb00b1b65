import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gistOf } from '#models/heads/gist.js';
import { openStaticEmbedding } from '#models/static/static-embedding.js';

const table = openStaticEmbedding();
const gist = (text: string): string => gistOf(text, sentence => table.embed(sentence));

describe('the gist of a text', () => {
  test('is all of a short one', () => {
    fc.assert(fc.property(fc.string({ maxLength: 1024 }), text => gist(text) === text));
  });

  test('of a long one it is short, not empty, and made of its own sentences in their order', () => {
    const words = fc.constantFrom('contract', 'river', 'the', 'enzyme', 'of', 'is', '42', 'é', '.', '!', '\n');
    fc.assert(
      fc.property(fc.array(words, { minLength: 400, maxLength: 3000 }), parts => {
        const text = parts.join(' ');
        if (text.length <= 1024) return;
        const found = gist(text);
        expect(found.length).toBeLessThanOrEqual(360);
        let from = 0;
        for (const word of found.split(/\s+/).filter(one => one !== '')) {
          const at = text.indexOf(word, from);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + 1;
        }
      }),
      { numRuns: 40 },
    );
  });

  test('keeps what most sentences are about and the question at the end, and drops what is beside it', () => {
    const about = Array.from({ length: 40 }, (_, at) => `Clause ${at} of the lease obliges the tenant to pay rent.`);
    const text = [...about.slice(0, 20), 'My aunt likes yellow tulips.', ...about.slice(20), 'Can the landlord sue?'];
    const found = gist(text.join(' '));
    expect(found).toContain('Can the landlord sue?');
    expect(found).toContain('Clause 0 of');
    expect(found).not.toContain('tulips');
  });
});
