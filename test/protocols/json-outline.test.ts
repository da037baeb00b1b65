import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlineOf } from '#protocols/json-outline.js';

const spaces = fc.constantFrom('', ' ', '\n  ', '\t');

describe('outlineOf', () => {
  it('finds every member of any object, as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), spaces, (object, space) => {
        const text = JSON.stringify(object, undefined, space === '' ? undefined : space);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const { values, twice } = outlineOf(text);
        expect([...values.keys()].sort()).toEqual(Object.keys(parsed).sort());
        for (const [name, { start, end }] of values) {
          expect(JSON.parse(text.slice(start, end))).toEqual(Object.getOwnPropertyDescriptor(parsed, name)?.value);
        }
        expect(twice).toEqual([]);
      }),
    );
  });

  it.each([
    ['{"a":1,"b":{"a":2},"a":3}', ['a'], []],
    ['{"\\u0061":1}', [], ['a']],
    ['{"\\u0061":1,"a":2}', ['a'], ['a']],
    [' { "x" : "a:b,\\"c\\"" , "y" : [ {"x":1} , "x" ] } ', [], []],
  ])('tells of %s what stands twice and what is spelled with escapes', (text, twice, disguised) => {
    const outline = outlineOf(text);
    expect([outline.twice, outline.disguised]).toEqual([twice, disguised]);
    const parsed = JSON.parse(text) as Record<string, unknown>;
    for (const [name, { start, end }] of outline.values)
      expect(JSON.parse(text.slice(start, end))).toEqual(parsed[name]);
  });

  it('refuses deep nesting, and takes what is not too deep', () => {
    expect(() => outlineOf(`{"a":${'['.repeat(100_000)}`)).toThrow(
      expect.objectContaining({ code: 'request.invalid' }),
    );
    expect(outlineOf(`{"a":${'['.repeat(200)}${']'.repeat(200)}}`).values.size).toBe(1);
  });

  it('ends on any text', () => {
    const bits = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', '1', ' ');
    fc.assert(
      fc.property(fc.string({ unit: bits, maxLength: 60 }), text => {
        outlineOf(text);
      }),
      { numRuns: 2000 },
    );
  });
});
