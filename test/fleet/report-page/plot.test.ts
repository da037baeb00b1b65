import { expect, test } from 'vitest';
import { lines } from '#fleet/report-page/plot.js';

/** Where the labels below the axis stand, from left to right. */
function labelsOf(svg: string): readonly (readonly [x: number, text: string])[] {
  return [...svg.matchAll(/<text x="([\d.]+)" y="216" text-anchor="middle">([^<]*)</g)].map(
    ([, x, text]) => [Number(x), text!] as const,
  );
}

test('powers of ten stand as far from one another, from the lowest that holds all values', () => {
  const points = [
    [7, 0.1],
    [640, 1],
  ] as const;
  const axes = { title: 'T', x: 'ms', y: 'share', logarithmic: true };
  const labels = labelsOf(lines(axes, [{ name: 'one', points }]).text);
  expect(labels.map(([, text]) => text)).toEqual(['1', '10', '100', '1000']);
  const gaps = labels.slice(1).map(([x], i) => x - labels[i]![0]);
  for (const gap of gaps) expect(gap).toBeCloseTo((labels.at(-1)![0] - labels[0]![0]) / 3, 0);
});
