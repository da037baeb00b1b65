import type { FleetMoment } from '../api/types.js';
import { seriesKind } from '../charts/series-kinds.js';
import { XyChart } from '../charts/xy-chart.js';
import { percent, short } from '../format.js';
import { Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';

type PoolMoment = FleetMoment['pools'][string];

/** How pools, queues, KV memory and power moved in virtual time. */
export function Moments({ moments }: { moments: readonly FleetMoment[] }) {
  const last = moments.at(-1);
  const names = Object.keys(last?.pools ?? {});
  const series = (of: (moment: PoolMoment) => number) =>
    names.map((name, i) => ({
      name,
      kind: seriesKind(i),
      points: moments.flatMap(({ atMs, pools }) => {
        const pool = pools[name];
        return pool === undefined ? [] : [[atMs / 60_000, of(pool)]];
      }),
    }));
  const common = {
    xLabel: 'minutes of virtual time',
    formatX: (minutes: number) => minutes.toFixed(minutes < 10 ? 1 : 0),
    empty: 'Nothing yet.',
  };
  return (
    <Panel title="How it moved" id="simulation-moments">
      <div class="charts">
        <XyChart
          {...common}
          id="chart-flight"
          title="On replicas"
          format={short}
          series={series(({ inFlight }) => inFlight)}
        />
        <XyChart {...common} id="chart-queue" title="Waiting" format={short} series={series(({ queued }) => queued)} />
        <XyChart
          {...common}
          id="chart-kv"
          title="KV memory held"
          format={percent}
          series={series(({ kvShare }) => kvShare)}
        />
        <XyChart
          {...common}
          id="chart-power"
          title="Power, kW"
          format={short}
          series={series(({ watts }) => watts / 1000)}
        />
      </div>
      <p class="hint">At the last moment:</p>
      <Table
        label="Pools at the last moment"
        columns={['Pool', ...numbers('Replicas up', 'On replicas', 'Waiting', 'KV held', 'Power')]}
        rows={names}
      >
        {name => {
          const pool = last?.pools[name];
          return pool === undefined ? undefined : (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="number">
                {pool.up} of {pool.replicas}
              </td>
              <td class="number">{short(pool.inFlight)}</td>
              <td class="number">{short(pool.queued)}</td>
              <td class="number">{percent(pool.kvShare)}</td>
              <td class="number">{(pool.watts / 1000).toFixed(2)} kW</td>
            </tr>
          );
        }}
      </Table>
    </Panel>
  );
}
