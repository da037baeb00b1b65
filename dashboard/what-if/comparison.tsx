import type { WhatIfReport } from '../api/types.js';
import { count, duration, score } from '../format.js';
import { metricRange, metricValue } from '../ui/metric.js';
import { Chip, Empty, Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';
import { DifferenceMark } from './difference-mark.js';

type Difference = WhatIfReport['metrics'][string];

const TONES = { better: 'good', worse: 'bad', same: 'plain', 'not shown': 'plain' } as const;

/** Two configurations on the same requests: what the second changes, and what that does. */
export function Comparison({ report }: { report: WhatIfReport }) {
  const { changes, seeds, confidence } = report;
  const rows = Object.entries(report.metrics);
  const widest = Math.max(0, ...rows.flatMap(([, one]) => relativeInterval(one) ?? []).map(Math.abs));
  const sure = score(100 * confidence);
  return (
    <>
      <Panel title="What is changed" id="what-if-changes">
        {changes.length === 0 ? (
          <Empty title="Nothing that is played differs." />
        ) : (
          <Table label="What is changed" columns={['Of', 'Setting', 'First', 'Second']} rows={changes}>
            {({ of, kind, setting, first, second }) => (
              <tr key={`${of} ${setting}`}>
                <th scope="row">{of}</th>
                <td>{setting ?? (kind === 'added' ? 'is new' : 'is gone')}</td>
                <td>{first ?? '–'}</td>
                <td>{second ?? '–'}</td>
              </tr>
            )}
          </Table>
        )}
      </Panel>
      <Panel
        title="What that does"
        id="what-if-result"
        aside={<p class="hint">{`played in ${duration(1000 * report.wall_s)}`}</p>}
      >
        <p class="hint">
          {count(report.requests)} requests, {seeds.length} arrival patterns, the same for both. Below each mean stands
          where it lies with {sure} %; differences are taken within a pattern. Each interval is by itself: of twenty,
          one is expected to miss.
        </p>
        <Table
          label="What that does"
          columns={[
            'Metric',
            'The second is',
            ...numbers('First', 'Second', 'Difference'),
            { name: 'Relative to the first' },
          ]}
          rows={rows}
        >
          {([name, one]) => (
            <tr key={name}>
              <th scope="row">{one.words}</th>
              <td>
                <Chip tone={TONES[one.verdict]}>{one.verdict}</Chip>
              </td>
              <Mean value={metricValue(one, one.first)} interval={metricRange(one, one.first_interval)} />
              <Mean value={metricValue(one, one.second)} interval={metricRange(one, one.second_interval)} />
              <Mean
                value={signedOf(one, one.difference)}
                interval={one.interval.map(end => signedOf(one, end)).join(' to ')}
              />
              <td>
                <DifferenceMark
                  verdict={one.verdict}
                  middle={one.relative ?? undefined}
                  interval={relativeInterval(one)}
                  widest={widest}
                />
              </td>
            </tr>
          )}
        </Table>
      </Panel>
    </>
  );
}

function Mean({ value, interval }: { value: string; interval: string }) {
  return (
    <td class="number">
      {value}
      <small class="interval">{interval}</small>
    </td>
  );
}

function signedOf(one: Difference, value: number): string {
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  return `${sign}${metricValue(one, Math.abs(value))}`;
}

function relativeInterval({ first, interval }: Difference): readonly number[] | undefined {
  return first === 0 ? undefined : interval.map(end => end / Math.abs(first));
}
