import { count, percent, short, usd } from '../format.js';
import { Share } from '../ui/parts.js';
import { link } from '../ui/routing.js';
import { numbers, Table } from '../ui/table.js';
import type { Overview } from './page.js';

interface BreakdownProps {
  readonly rows: Overview['models'];
  readonly total: number;
  readonly of: 'model' | 'decision';
}

/** Where requests went, the most frequent first. */
export function Breakdown({ rows, total, of }: BreakdownProps) {
  if (rows.length === 0) return <p class="hint">No model was asked in this time.</p>;
  return (
    <Table
      label={`Requests by ${of}`}
      className="breakdown"
      columns={[of === 'model' ? 'Model' : 'Decision', ...numbers('Requests', 'Failed', 'Tokens', 'Cost')]}
      rows={rows}
    >
      {({ name, requests, failed, prompt_tokens, completion_tokens, cost_usd }) => (
        <tr key={name}>
          <th scope="row">
            <a href={link('requests', undefined, { [of]: name })}>{name}</a>
            <Share value={total === 0 ? 0 : requests / total} />
          </th>
          <td class="number">
            {count(requests)} <small>{percent(total === 0 ? 0 : requests / total)}</small>
          </td>
          <td class="number">{count(failed)}</td>
          <td class="number">{short(prompt_tokens + completion_tokens)}</td>
          <td class="number">{usd(cost_usd)}</td>
        </tr>
      )}
    </Table>
  );
}
