import type { State } from '../app.js';
import { count, score, usd } from '../format.js';
import { link } from '../ui/routing.js';
import { numbers, Table } from '../ui/table.js';

export function ModelsTable({ state }: { state: State }) {
  return (
    <Table
      label="Models, what they cost and where they run"
      className="models"
      columns={[
        'Model',
        ...numbers('Context', 'Quality', 'Prompt, 1M', 'Cached, 1M', 'Answer, 1M'),
        'Pools',
        'Asked for by',
      ]}
      rows={state.models}
    >
      {({ name, context, quality, price, description }) => (
        <tr key={name}>
          <th scope="row">
            <a href={link('requests', undefined, { model: name })}>{name}</a>
            {description === undefined ? undefined : <small class="about">{description}</small>}
          </th>
          <td class="number">{count(context)}</td>
          <td class="number">{quality === undefined ? '–' : score(quality)}</td>
          <td class="number">{usd(price.prompt)}</td>
          <td class="number">{usd(price.cached)}</td>
          <td class="number">{usd(price.completion)}</td>
          <td>{listed(state.pools.filter(({ model }) => model === name))}</td>
          <td>{listed(state.decisions.filter(({ models = [] }) => models.includes(name)))}</td>
        </tr>
      )}
    </Table>
  );
}

function listed(named: readonly { readonly name: string }[]): string {
  return named.length === 0 ? '–' : named.map(({ name }) => name).join(', ');
}
