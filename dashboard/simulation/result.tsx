import type { SimulationReport } from '../api/types.js';
import { count, duration, percent, usd } from '../format.js';
import { Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';

const TIMES = [
  ['ttft_ms', 'First token'],
  ['tpot_ms', 'Per output token'],
  ['e2e_ms', 'Whole answer'],
] as const;

/** What came of a simulation. */
export function SimulationResult({ report }: { report: SimulationReport }) {
  const { requests, pools } = report;
  const missed = Object.entries({ ...report.rejections, ...report.failures });
  return (
    <Panel
      title="What came of it"
      id="simulation-result"
      aside={<p class="hint">{`${count(report.requests_per_s)} requests a second were played`}</p>}
    >
      <p>
        {count(requests.completed)} of {count(requests.arrived)} requests answered over{' '}
        {duration(1000 * report.duration_s)}, {count(requests.rejected)} rejected, {count(requests.failed)} failed;{' '}
        {usd(report.cost_usd)}, {report.tokens_per_joule.toFixed(2)} output tokens a joule.
      </p>
      {missed.length === 0 ? undefined : (
        <ul class="reasons">
          {missed.map(([code, times]) => (
            <li key={code}>
              {count(times)} × <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
      <Table label="Times" columns={['Time', ...numbers('mean', 'P50', 'P90', 'P99')]} rows={TIMES}>
        {([name, label]) => (
          <tr key={name}>
            <th scope="row">{label}</th>
            {(['mean', 'p50', 'p90', 'p99'] as const).map(of => (
              <td key={of} class="number">
                {duration(report[name][of])}
              </td>
            ))}
          </tr>
        )}
      </Table>
      <Table
        label="Pools"
        columns={[
          'Pool',
          ...numbers('Replicas', 'Answered', 'Engines busy', 'Prefix hits', 'Load max/mean', 'An hour'),
        ]}
        rows={Object.entries(pools)}
      >
        {([name, pool]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{pool.replicas}</td>
            <td class="number">{count(pool.completed)}</td>
            <td class="number">{percent(pool.utilisation)}</td>
            <td class="number">{percent(pool.prefix_hit_rate)}</td>
            <td class="number">{pool.load_max_over_mean.toFixed(2)}</td>
            <td class="number">{usd(pool.usd_per_hour)}</td>
          </tr>
        )}
      </Table>
    </Panel>
  );
}
