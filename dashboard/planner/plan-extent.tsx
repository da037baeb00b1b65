import type { PlanReport } from '../api/types.js';
import { count, duration, percent, probability, usd } from '../format.js';
import { Chip, Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';

type Buying = PlanReport['buying'][number];
type OverTime = NonNullable<PlanReport['over_time']>;

/** Machines to buy, so that enough are up. */
export function BuyingPanel({ buying }: { buying: PlanReport['buying'] }) {
  if (buying.length === 0) return undefined;
  return (
    <Panel title="Buying it" id="plan-buying">
      <p class="hint">
        Machines fail and are repaired; so many are to be bought for the replicas to be there with the probability that
        stands beside them.
      </p>
      <Table
        label="Buying it"
        columns={['Provider', 'Machines', ...numbers('Enough are up', 'An hour', 'A year')]}
        rows={buying}
      >
        {offer => (
          <tr key={offer.provider}>
            <th scope="row">{offer.provider}</th>
            <td>{machinesOf(offer)}</td>
            <td class="number">{probability(offer.probability)}</td>
            <td class="number">{usd(offer.usd_per_hour)}</td>
            <td class="number">{usd(offer.usd_per_hour * 24 * 365)}</td>
          </tr>
        )}
      </Table>
    </Panel>
  );
}

function machinesOf({ pools }: Buying): string {
  return pools
    .map(({ gpu, tp, needed, machines }) => {
      const bought = machines.map(({ kind, count: of }) => `${of} ${kind.replace('_', ' ')}`).join(' + ');
      return `${bought} of ${tp} × ${gpu}, ${needed} needed`;
    })
    .join('; ');
}

/** What becomes of the fleet when it is to draw less. */
export function PowerPanel({ cuts }: { cuts: PlanReport['demand_response'] }) {
  if (cuts.length === 0) return undefined;
  return (
    <Panel title="With less power" id="plan-power">
      <Table
        label="With less power"
        columns={[
          'Less at most',
          'The fleet',
          ...numbers('Sequences a replica', 'Draws, mean', 'First token, P99', 'Per token'),
        ]}
        rows={cuts}
      >
        {cut => (
          <tr key={cut.share}>
            <th scope="row">{percent(cut.share)}</th>
            <td>
              <Holds holds={cut.holds} />
            </td>
            <td class="number">{cut.max_sequences.map(count).join(', ')}</td>
            <td class="number">{cut.watts === null ? '–' : `${(cut.watts / 1000).toFixed(1)} kW`}</td>
            <td class="number">{cut.p99_ttft_ms === null ? '–' : duration(cut.p99_ttft_ms)}</td>
            <td class="number">{cut.tpot_ms === null ? '–' : duration(cut.tpot_ms)}</td>
          </tr>
        )}
      </Table>
    </Panel>
  );
}

/** A fleet whose replicas and boundary follow the load. */
export function OverTimePanel({ moving }: { moving: OverTime | null }) {
  if (moving === null) return undefined;
  const { usd_per_hour: cost, moves, windows, window_s: seconds } = moving;
  return (
    <Panel title={`Anew every ${duration(1000 * seconds)}`} id="plan-over-time">
      <ul class="reasons">
        <li>
          {usd(cost.moving)} an hour in the mean,{' '}
          {moving.ok ? 'and every window held in the twin' : 'but not every window held'}
        </li>
        <li>
          by the closed form {usd(cost.screened.moving)}; with one boundary {usd(cost.screened.one_boundary)}, moved
          every time {usd(cost.screened.unhindered)}, as large as at the peak all the time {usd(cost.screened.fixed)}
        </li>
        <li>
          the boundary moved {count(moves.kept)} times; without hysteresis {count(moves.unhindered)}
        </li>
      </ul>
      <Table
        label="Window by window"
        columns={[
          'From',
          'It',
          ...numbers('Requests/s', 'Short', 'Up to, tokens', 'Long', 'An hour', 'First token, P99'),
        ]}
        rows={windows}
      >
        {window => (
          <tr key={window.from_s}>
            <th scope="row">{duration(1000 * window.from_s)}</th>
            <td>
              <Holds holds={window.holds} />
            </td>
            <td class="number">{window.rate.toFixed(2)}</td>
            <td class="number">{count(window.short)}</td>
            <td class="number">
              {count(window.boundary)}
              {window.gamma > 1 ? `, compressed up to ${window.gamma} times that` : ''}
            </td>
            <td class="number">{count(window.long)}</td>
            <td class="number">{usd(window.usd_per_hour)}</td>
            <td class="number">{window.p99_ttft_ms === null ? '–' : duration(window.p99_ttft_ms)}</td>
          </tr>
        )}
      </Table>
    </Panel>
  );
}

export function Holds({ holds }: { holds: boolean }) {
  return <Chip tone={holds ? 'good' : 'bad'}>{holds ? 'holds' : 'breaks'}</Chip>;
}
