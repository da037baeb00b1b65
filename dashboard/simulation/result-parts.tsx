import type { SimulationReport } from '../api/types.js';
import { count, percent, score } from '../format.js';
import { metricRange, metricValue } from '../ui/metric.js';
import { numbers, Table } from '../ui/table.js';

/** Which decisions were made, and who answered then. */
export function DecisionTable({ decisions }: { decisions: SimulationReport['decisions'] }) {
  return (
    <Table
      label="Decisions"
      columns={['Decision', ...numbers('Requests'), 'Answered by']}
      rows={Object.entries(decisions)}
    >
      {([name, { requests, answered }]) => (
        <tr key={name}>
          <th scope="row">{name === '' ? 'none' : name}</th>
          <td class="number">{count(requests)}</td>
          <td>
            {Object.entries(answered)
              .map(([model, answers]) => `${model} ${count(answers)}`)
              .join(', ') || 'nobody'}
          </td>
        </tr>
      )}
    </Table>
  );
}

/** What metrics are over several runs. */
export function RunsTable({ intervals }: { intervals: NonNullable<SimulationReport['intervals']> }) {
  const { seeds, confidence, metrics } = intervals;
  return (
    <>
      <p class="hint">
        Over {count(seeds)} runs, each with other arrivals, failures and placement; all else here is of the first.
      </p>
      <Table
        label="Over all runs"
        columns={['Metric', ...numbers('Mean', `Lies with ${score(100 * confidence)} % within`)]}
        rows={Object.entries(metrics)}
      >
        {([name, metric]) => (
          <tr key={name}>
            <th scope="row">{metric.words}</th>
            <td class="number">{metricValue(metric, metric.mean)}</td>
            <td class="number">{metricRange(metric, metric.interval)}</td>
          </tr>
        )}
      </Table>
    </>
  );
}

function shareOrNone(share: number | undefined): string {
  return share === undefined ? '–' : percent(share);
}

/** What became of the pools. */
export function PoolTable({ pools }: { pools: SimulationReport['pools'] }) {
  const all = Object.values(pools);
  const failed = all.some(({ failures }) => failures > 0);
  const tiered = all.some(({ host_hit_rate: host }) => host !== undefined);
  return (
    <Table
      label="Pools"
      columns={[
        'Pool',
        ...numbers('Replicas', 'Answered', 'Engines busy', 'Prefix hits', 'Load max/mean', 'Preempted'),
        ...(tiered ? numbers('From host memory', 'From storage', 'Waited for reads') : []),
        ...(failed ? numbers('Failures', 'Up') : []),
        ...numbers('An hour'),
      ]}
      rows={Object.entries(pools)}
    >
      {([name, pool]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td class="number">
            {pool.replicas}
            {pool.most_replicas > pool.replicas ? `, ${pool.most_replicas} at most` : ''}
          </td>
          <td class="number">{count(pool.completed)}</td>
          <td class="number">{percent(pool.utilisation)}</td>
          <td class="number">{percent(pool.prefix_hit_rate)}</td>
          <td class="number">{pool.load_max_over_mean.toFixed(2)}</td>
          <td class="number">{count(pool.preemptions)}</td>
          {tiered ? (
            <>
              <td class="number">{shareOrNone(pool.host_hit_rate)}</td>
              <td class="number">{shareOrNone(pool.disk_hit_rate)}</td>
              <td class="number">{shareOrNone(pool.stalled)}</td>
            </>
          ) : undefined}
          {failed ? (
            <>
              <td class="number">{count(pool.failures)}</td>
              <td class="number">{percent(pool.availability)}</td>
            </>
          ) : undefined}
          <td class="number">${pool.usd_per_hour.toFixed(2)}</td>
        </tr>
      )}
    </Table>
  );
}
