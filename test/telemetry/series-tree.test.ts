import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelBound } from '#telemetry/label-bound.js';
import { SeriesTree } from '#telemetry/series-tree.js';

describe('LabelBound', () => {
  it('lets the first values through and calls the rest other', () => {
    const labels = new LabelBound(2);
    expect(['a', 'b', 'c', 'a', 'c', ''].map(value => labels.of(value))).toEqual([
      'a',
      'b',
      'other',
      'a',
      'other',
      'none',
    ]);
  });

  it('has at most so many values, each short', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 400 }), { maxLength: 300 }), values => {
        const labels = new LabelBound(16);
        const written = new Set(values.map(value => labels.of(value)));
        expect(written.size).toBeLessThanOrEqual(18);
        expect([...written].every(value => value.length <= 128)).toBe(true);
      }),
    );
  });
});

describe('SeriesTree', () => {
  const name = fc.oneof(fc.constantFrom('', 'a', 'b', 'other', 'none'), fc.string({ maxLength: 3 }));

  it.each([0, 1, 2, 3, 4])('counts every event exactly once with %d labels, within its bounds', depth => {
    const names = ['w', 'x', 'y', 'z'].slice(0, depth);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name, name, name), { maxLength: 200 }), events => {
        const bounds = new Map(names.map(label => [label, new LabelBound(4)]));
        const series = new SeriesTree(names, bounds, () => ({ value: 0 }), 20);
        for (const [a, b, c, d] of events) series.of(a, b, c, d).value++;
        const all = series.all();
        expect(all.reduce((sum, { leaf }) => sum + leaf.value, 0)).toBe(events.length);
        expect(all.length).toBeLessThanOrEqual(21);
        expect(new Set(all.map(({ labels }) => JSON.stringify(labels))).size).toBe(all.length);
      }),
    );
  });
});
