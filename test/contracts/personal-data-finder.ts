import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PersonalDataFinder } from '#contract/personal-data.js';

const PIECES = [
  'anna@example.org',
  'Thomas Berger',
  '4111 1111 1111 1111',
  'on 12 March 1984',
  'in Lisbon',
  '\ud800',
  '\u0000',
  '((((',
];

/** What holds for everything that finds personal data. */
export function personalDataFinderContract(name: string, open: () => PersonalDataFinder): void {
  describe(`${name} finds personal data`, () => {
    const text = fc
      .array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom(...PIECES)), { maxLength: 10 })
      .map(pieces => pieces.join(' '));

    test('spans are in order, none over another, within the text, whatever it holds', async () => {
      const finder = open();
      await fc.assert(
        fc.asyncProperty(text, async given => {
          let last = 0;
          const { spans } = await finder.find(given);
          for (const { kind, start, end } of spans) {
            expect(kind).toMatch(/^[a-z]{2,12}(?:_[a-z]{2,12})?$/);
            expect(start).toBeGreaterThanOrEqual(last);
            expect(end).toBeGreaterThan(start);
            last = end;
          }
          expect(last).toBeLessThanOrEqual(given.length);
        }),
        { numRuns: 100, seed: 11 },
      );
    });

    test('what is found is found again, and at once by who cannot wait', async () => {
      const finder = open();
      await finder.prepare?.();
      const line = 'Write to anna@example.org or call Thomas Berger in Lisbon. ';
      for (const given of [line, line.repeat(40), '']) {
        const found = await finder.find(given);
        expect(found.missed).toBeUndefined();
        expect(await finder.find(given)).toEqual(found);
        expect(finder.findNow(given)).toEqual(found.spans);
      }
      expect(finder.findNow('mail bob@example.org').map(({ kind }) => kind)).toEqual(['email']);
    });
  });
}
