import { metricText } from '#fleet/what-if/metrics.js';
import type { Verdict, WhatIfReport } from '#fleet/what-if/what-if.js';
import { html } from './markup.js';
import { page, section, table } from './page.js';
import { intervals } from './plot.js';

const TONES: Readonly<Record<Verdict, 's0' | 's2' | 's3'>> = {
  better: 's2',
  worse: 's3',
  same: 's0',
  'not shown': 's0',
};
const CLASSES: Readonly<Record<Verdict, string>> = { better: 'good', worse: 'bad', same: '', 'not shown': '' };

/** A comparison of two configurations as one HTML file. */
export function whatIfPage(first: string, second: string, report: WhatIfReport): string {
  const all = Object.entries(report.metrics);
  const relative = all.flatMap(([name, { first: base, difference, interval, verdict }]) =>
    base === 0 || !interval.every(Number.isFinite)
      ? []
      : [
          {
            ...{ name: metricText(name).words, middle: difference / Math.abs(base), tone: TONES[verdict] },
            ...{ low: interval[0] / Math.abs(base), high: interval[1] / Math.abs(base) },
          },
        ],
  );
  return page(
    `${second} instead of ${first}`,
    `${report.requests} requests, ${report.seeds.length} arrival patterns, the same for both; ${100 * report.confidence} % intervals of the mean difference`,
    section('What the second changes', intervals('Difference, relative to the first', relative)),
    section(
      'In numbers',
      table(
        'Metrics',
        ['Metric', 'first', 'second', 'difference', 'interval', 'the second is'],
        all.map(([name, { first: a, second: b, difference, interval, verdict }]) => {
          const { words, value, change } = metricText(name);
          return [
            ...[words, value(a), value(b), change(difference), `${change(interval[0])} to ${change(interval[1])}`],
            html`<span class="${CLASSES[verdict]}">${verdict}</span>`,
          ];
        }),
      ),
      html`<p class="soft">Each interval is by itself: of twenty such, one is expected to miss. "Not shown" says that the interval holds zero.</p>`,
    ),
  );
}
