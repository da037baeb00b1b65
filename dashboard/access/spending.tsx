import { useState } from 'preact/hooks';
import { type Answer, call } from '../api/client.js';
import { count, day, percent, usd } from '../format.js';
import { Choice, Empty, ErrorNote, Loading, Panel, Share } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { numbers, Table } from '../ui/table.js';
import { amountText, windowText } from './terms.js';

type Budget = Answer<'GET /api/budgets'>['budgets'][number];

const EVERY_MS = 5000;
const MONTH_MS = 30 * 86_400_000;

const KINDS = [
  ['key', 'Keys'],
  ['team', 'Teams'],
  ['user', 'Users'],
] as const;

/** How far budgets are used up, and who has used how much. */
export function Spending() {
  const [by, setBy] = useState<'key' | 'team' | 'user'>('key');
  const budgets = useResource('budgets', signal => call('GET /api/budgets', { signal }), EVERY_MS);
  const usage = useResource(
    `usage ${by}`,
    signal => call('GET /api/usage', { query: { by, since: Date.now() - MONTH_MS }, signal }),
    EVERY_MS,
  );
  const keys = useResource('names of keys', signal => call('GET /api/keys', { signal }));
  const names = new Map(keys.value?.keys.map(({ id, name }) => [id, name]));
  return (
    <>
      <Panel title="Budgets" id="budgets">
        <ErrorNote error={budgets.error} />
        {budgets.value === undefined ? (
          budgets.error === undefined ? (
            <Loading what="Reading the budgets" />
          ) : undefined
        ) : budgets.value.budgets.length === 0 ? (
          <Empty title="No budget is set">
            <p>Give one to a key, a team or a user when you make them.</p>
          </Empty>
        ) : (
          <ul class="budgets">
            {budgets.value.budgets.map(budget => (
              <BudgetLine
                key={`${budget.kind} ${budget.id} ${budget.unit} ${budget.window}`}
                budget={budget}
                name={names.get(budget.id)}
              />
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Usage of 30 days"
        id="usage"
        aside={<Choice legend="Usage by" name="usage-by" value={by} onChange={setBy} options={KINDS} />}
      >
        <ErrorNote error={usage.error} />
        {usage.value === undefined ? (
          usage.error === undefined ? (
            <Loading what="Adding up" />
          ) : undefined
        ) : usage.value.usage.length === 0 ? (
          <Empty title="Nothing was used in this time" />
        ) : (
          <Table
            label={`Usage of 30 days by ${by}`}
            columns={['Who', ...numbers('Requests', 'Tokens in', 'Tokens out', 'Cost')]}
            rows={usage.value.usage}
          >
            {({ id, requests, promptTokens, completionTokens, usd: cost }) => (
              <tr key={id}>
                <th scope="row">
                  <Named id={id} name={names.get(id)} />
                </th>
                <td class="number">{count(requests)}</td>
                <td class="number">{count(promptTokens)}</td>
                <td class="number">{count(completionTokens)}</td>
                <td class="number">{usd(cost)}</td>
              </tr>
            )}
          </Table>
        )}
      </Panel>
    </>
  );
}

/** By its name where it has one beside its id. */
function Named({ id, name }: { id: string; name: string | undefined }) {
  return (
    <>
      {name ?? id}
      {name === undefined ? undefined : <small class="id"> {id}</small>}
    </>
  );
}

function BudgetLine({ budget, name }: { budget: Budget; name: string | undefined }) {
  const { kind, id, unit, window, amount, spent, reserved, resetAt } = budget;
  const share = amount === 0 ? 1 : spent / amount;
  return (
    <li>
      <div class="budget-line">
        <span>
          <b>
            <Named id={id} name={name} />
          </b>{' '}
          <small>{kind}</small>
        </span>
        <span class="number">
          {amountText(spent, unit)} of {amountText(amount, unit)} {windowText(window)} · {percent(share)}
        </span>
      </div>
      <Share value={share} className={share >= 1 ? 'full' : share >= 0.8 ? 'nearly' : ''} />
      <p class="hint">
        {reserved > 0 ? `${amountText(reserved, unit)} held for requests under way · ` : ''}
        {resetAt === null ? 'never reset' : `reset ${day(resetAt)}`}
      </p>
    </li>
  );
}
