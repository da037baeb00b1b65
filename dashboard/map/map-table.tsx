import type { Replica } from '../api/types.js';
import type { State } from '../app.js';
import { count } from '../format.js';
import { link } from '../ui/routing.js';
import { numbers, Table } from '../ui/table.js';
import { conditionOf, running, shareText, wattsText } from './condition.js';

const COLUMNS = [
  'Pool',
  'Replica',
  'State',
  ...numbers('Running', 'Waiting', 'Places', 'In the pool’s line', 'KV used', 'Found in cache', 'Power'),
];

/** The map as a table: the same figures, for whoever reads or listens row by row. */
export function MapTable({ state, current }: { state: State; current: string | undefined }) {
  const queued = new Map(state.pools.map(pool => [pool.name, pool.queued]));
  return (
    <Table label="Replicas by pool" columns={COLUMNS} rows={state.replicas}>
      {(replica: Replica) => (
        <tr key={replica.id} aria-current={replica.id === current ? 'true' : undefined}>
          <td>{replica.pool}</td>
          <th scope="row">
            <a href={link('map', replica.id, { view: 'table' })}>{replica.id}</a>
          </th>
          <td>{conditionOf(replica).word}</td>
          <td class="number">{count(running(replica))}</td>
          <td class="number">{count(replica.waiting)}</td>
          <td class="number">{count(replica.limit)}</td>
          <td class="number">{count(queued.get(replica.pool) ?? 0)}</td>
          <td class="number">{shareText(replica.kvShare)}</td>
          <td class="number">{shareText(replica.prefixShare)}</td>
          <td class="number">{wattsText(replica.watts)}</td>
        </tr>
      )}
    </Table>
  );
}
