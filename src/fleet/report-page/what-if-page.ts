import type { ConfigChange } from '#fleet/what-if/changes.js';
import { metricText } from '#fleet/what-if/metrics.js';
import type { Verdict, WhatIfReport } from '#fleet/what-if/what-if.js';
import { html, type Markup } from './markup.js';
import { list, page, section, table } from './page.js';
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
    section('What is changed', changed(report.changes)),
    section('What that does', intervals('Difference, relative to the first', relative)),
    section(
      'In numbers',
      table(
        'Metrics',
        ['Metric', 'first', 'second', 'difference', 'interval', 'the second is'],
        all.map(([name, { first: a, second: b, first_interval, second_interval, difference, interval, verdict }]) => {
          const { words, around, change } = metricText(name);
          return [
            ...[words, around(a, first_interval), around(b, second_interval)],
            ...[change(difference), `${change(interval[0])} to ${change(interval[1])}`],
            html`<span class="${CLASSES[verdict]}">${verdict}</span>`,
          ];
        }),
      ),
      html`<p class="soft">Of each configuration the mean over patterns, and what that may be off by. Each interval is by itself: of twenty such, one is expected to miss. "Not shown" says that the interval holds zero.</p>`,
    ),
  );
}

/** Part by part: what is another value, and what came or went. */
function changed(changes: readonly ConfigChange[]): Markup {
  if (changes.length === 0) return html`<p>Nothing that is played differs.</p>`;
  const parts = changes.filter(({ setting }) => setting === null).map(({ text }) => text);
  const values = changes.filter(({ setting }) => setting !== null);
  const rows = values.map(({ of, setting, first, second }) => [
    ...[of, html`${setting ?? ''}`, html`${first ?? 'not set'}`, html`${second ?? 'not set'}`],
  ]);
  return html`${parts.length === 0 ? undefined : list(parts)}${
    rows.length === 0 ? undefined : table('What is changed', ['Of', 'setting', 'first', 'second'], rows)
  }`;
}
