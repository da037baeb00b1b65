import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, applyEditsToBytes, type Edit, elementSpans, memberSpan, openingOf } from '#protocols/json-text.js';

/** Objects printed in the ways people print them, with members that look like the one that is looked for. */
const objects = fc.dictionary(
  fc.oneof(fc.string(), fc.constantFrom('model', 'messages', '"model"', 'a\\"model')),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('"model":', '\\', '"', '{"model":"x"}'),
    fc.constant({ model: { model: 1 } }),
  ),
);
const indents = fc.constantFrom(undefined, 1, '\t');

describe('memberSpan', () => {
  it('finds the text of exactly the top-level member', () => {
    fc.assert(
      fc.property(objects, fc.jsonValue(), indents, fc.boolean(), (object, value, indent, first) => {
        const { model: _, ...rest } = object as Record<string, unknown>;
        const whole = first ? { model: value, ...rest } : { ...rest, model: value };
        const text = JSON.stringify(whole, undefined, indent);
        const span = memberSpan(text, 'model', true)!;
        expect(JSON.parse(text.slice(span.start, span.end))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(memberSpan(text, 'model', false)).toEqual(span);
      }),
    );
  });

  it('takes the last of equal names, as JSON.parse does', () => {
    const text = '{"model":"a","model":"b"}';
    const span = memberSpan(text, 'model', true)!;
    expect(text.slice(span.start, span.end)).toBe('"b"');
  });

  it('finds a member whose name is written with escapes', () => {
    const text = '{"mod\\u0065l": "a", "x": 1}';
    const span = memberSpan(text, 'model', true)!;
    expect(text.slice(span.start, span.end)).toBe('"a"');
  });

  it('does not take a nested member for a missing one', () => {
    expect(memberSpan('{"a":{"model":1}}', 'model', false)).toBeUndefined();
  });
});

describe('elementSpans', () => {
  it('finds every element of an array', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), indents, (array, indent) => {
        const text = JSON.stringify(array, undefined, indent);
        const parsed = elementSpans(text, 0).map(({ start, end }) => JSON.parse(text.slice(start, end)) as unknown);
        expect(parsed).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe('applyEdits', () => {
  it('replaces one member and leaves the rest byte for byte', () => {
    const text = '{ "n" : 1.0, "model":"auto" ,"big":12345678901234567890 }';
    const span = memberSpan(text, 'model', true)!;
    expect(applyEdits(text, [{ ...span, text: '"small"' }])).toBe(
      '{ "n" : 1.0, "model":"small" ,"big":12345678901234567890 }',
    );
  });

  it('does the same to text and to bytes', () => {
    const texts = fc.string({ unit: 'binary' }).filter(text => Buffer.from(text).toString() === text);
    fc.assert(
      fc.property(texts, fc.array(fc.tuple(fc.nat(), texts), { maxLength: 4 }), (text, wanted) => {
        const points = [...text].map((_, at) => [...text].slice(0, at).join('').length).concat(text.length);
        const cuts = [...new Set(wanted.map(([at]) => points[at % points.length]!))].sort((a, b) => a - b);
        const edits: Edit[] = [];
        for (let at = 0; at + 1 < cuts.length; at += 2) {
          edits.push({ start: cuts[at]!, end: cuts[at + 1]!, text: wanted[at]![1] });
        }
        const bytes = applyEditsToBytes(Buffer.from(text), text, edits, false);
        expect(bytes.toString('utf8')).toBe(applyEdits(text, edits));
      }),
    );
  });

  it('applies several edits in any order', () => {
    const at = openingOf('{"a":1}');
    const edits = [
      { start: 5, end: 6, text: '2' },
      { start: at, end: at, text: '"b":0,' },
    ];
    expect(applyEdits('{"a":1}', edits)).toBe('{"b":0,"a":2}');
  });
});
