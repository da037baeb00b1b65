import type { SimulationReport } from '../api/types.js';
import { count, duration, usd } from '../format.js';
import { Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';
import { DecisionTable, PoolTable, RunsTable } from './result-parts.js';

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
      {report.answers.retried === 0 ? undefined : (
        <p>{count(report.answers.retried)} were answered after another attempt had failed.</p>
      )}
      {missed.length === 0 ? undefined : (
        <ul class="reasons">
          {missed.map(([code, times]) => (
            <li key={code}>
              {count(times)} × <code>{code}</code>
            </li>
          ))}
        </ul>
      )}
      <Table label="Times" columns={['Time', ...numbers('Mean', 'P50', 'P90', 'P99')]} rows={TIMES}>
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
      <PoolTable pools={pools} />
      <DecisionTable decisions={report.decisions} />
      {report.intervals === undefined ? undefined : <RunsTable intervals={report.intervals} />}
      {report.missing_signals.length === 0 ? undefined : (
        <p class="hint">Unknown to the decisions, for the trace does not tell: {report.missing_signals.join(', ')}.</p>
      )}
    </Panel>
  );
}
