import type { PlannedFleet, PlanReport } from '../api/types.js';
import { duration, percent, usd } from '../format.js';
import { Chip, Panel } from '../ui/parts.js';
import { numbers, Table } from '../ui/table.js';
import { fleetName } from './fleet-name.js';

type Pool = PlannedFleet['pools'][number];

/** What memory behind the GPUs brings: the fleet with less of it, each as small as it holds. */
export function TierPanel({ tiers }: { tiers: PlanReport['tiers'] }) {
  if (tiers === null) return undefined;
  return (
    <Panel title="KV behind the GPUs" id="plan-tiers">
      <p class="hint">
        The same GPUs and boundaries with less memory behind them, each as small as it holds in the twin. What is read
        from there need not be computed, but the engine waits where reading takes longer. Of a pool whose prompts other
        replicas compute, these come second.
      </p>
      <Table
        label="KV behind the GPUs"
        columns={[
          'Kept in',
          'Fleet',
          ...numbers(
            'An hour',
            'Prefix hits',
            'Host memory',
            'Storage',
            'Reading, a request',
            'Waited for',
            'First token, P99',
          ),
        ]}
        rows={tiers}
      >
        {({ tiers: name, fleet }) => (
          <tr key={name}>
            <th scope="row">{name === 'none' ? 'GPUs alone' : name}</th>
            {fleet === null ? (
              <td colSpan={8}>
                <Chip tone="bad">does not hold</Chip>
              </td>
            ) : (
              <Cells fleet={fleet} />
            )}
          </tr>
        )}
      </Table>
    </Panel>
  );
}

function Cells({ fleet }: { fleet: PlannedFleet }) {
  const each = (of: (pool: Pool) => string) => fleet.pools.map(of).join(', ');
  const read = (of: (tiers: NonNullable<Pool['tiers']>) => string) =>
    each(({ tiers, prefill }) =>
      [tiers, ...(prefill === null ? [] : [prefill.tiers])].map(own => (own === null ? '–' : of(own))).join(' and '),
    );
  return (
    <>
      <td>{fleetName(fleet)}</td>
      <td class="number">{usd(fleet.usd_per_hour)}</td>
      <td class="number">{each(pool => percent(pool.prefix_hit_rate))}</td>
      <td class="number">{read(tiers => percent(tiers.host_hit_rate))}</td>
      <td class="number">{read(tiers => percent(tiers.disk_hit_rate))}</td>
      <td class="number">{read(tiers => duration(tiers.read_ms))}</td>
      <td class="number">{read(tiers => percent(tiers.stalled))}</td>
      <td class="number">{duration(fleet.verified.p99_ttft_ms)}</td>
    </>
  );
}
