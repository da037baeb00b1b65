import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoredJson, storableJson, storableText } from '#store/postgres/storable.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\\', 'u', '0', 'd', '8', 'f', '\0', '\u{D800}', '\u{DC00}', '\u{F8FF}', '"', 'ü', '\n'),
  }),
);

/** What Postgres refuses: the character zero, and half a pair. */
const refused = (value: string): boolean => /[\0\p{Surrogate}]/u.test(value);

describe('what Postgres stores', () => {
  it('comes back as it was, and holds nothing that is refused', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.array(text)), value => {
        const stored = storableJson(JSON.stringify(value));
        const walk = (part: unknown): string[] =>
          typeof part === 'string' ? [part] : Object.entries(part ?? {}).flatMap(([k, v]) => [k, ...walk(v)]);
        expect(walk(JSON.parse(stored)).some(refused)).toBe(false);
        expect(JSON.parse(restoredJson(stored))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('tells any two texts apart, and leaves common ones alone', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(storableText(a) === storableText(b)).toBe(a === b);
        if (!refused(a) && !a.includes('\u{F8FF}')) expect(storableText(a)).toBe(a);
      }),
    );
  });
});
