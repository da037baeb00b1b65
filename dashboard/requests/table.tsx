import type { DecisionRecord } from '../api/types.js';
import { clock, count, day, duration, usd } from '../format.js';
import { STATUS_TONES } from '../story/attempts.js';
import { Chip, Empty, ErrorNote, Loading } from '../ui/parts.js';
import { link } from '../ui/routing.js';
import { Table } from '../ui/table.js';
import type { Filter } from './filters.js';
import type { RecordList } from './records.js';

const COLUMNS = [
  'Time',
  'Status',
  'Decision',
  'Model',
  { name: 'Replica', className: 'wide-only' },
  { name: 'First token', className: 'number first-token' },
  { name: 'End to end', className: 'number' },
  { name: 'Tokens in + out', className: 'number wide-only' },
  { name: 'Cost', className: 'number cost' },
];

interface TableProps {
  readonly list: RecordList;
  readonly filter: Filter;
  readonly current: string | undefined;
}

export function RequestsTable({ list, filter, current }: TableProps) {
  const { records, loading, error, more, full } = list;
  if (error !== undefined && records.length === 0) return <ErrorNote error={error} />;
  if (records.length === 0 && loading) return <Loading what="Reading the record" />;
  if (records.length === 0) {
    return Object.keys(filter).length === 0 ? (
      <Empty title="No request yet">
        <p>
          Each request leaves its story here. <a href={link('playground')}>Send one from the playground</a>
        </p>
      </Empty>
    ) : (
      <Empty title="No request matches">
        <p>
          <a href={link('requests')}>Show all requests</a>
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Table label="Latest requests, newest first" className="stacked requests" columns={COLUMNS} rows={records}>
        {record => <Row key={record.id} record={record} filter={filter} current={record.id === current} />}
      </Table>
      {error === undefined ? undefined : <ErrorNote error={error} />}
      {full ? (
        <p class="more-line hint">The latest {count(records.length)} are shown; a filter or a text finds older ones.</p>
      ) : undefined}
      {more === undefined ? undefined : (
        <p class="more-line">
          <button type="button" onClick={more} disabled={loading}>
            {loading ? 'Loading…' : 'Older requests'}
          </button>
        </p>
      )}
    </>
  );
}

function Name({ of }: { of: string }) {
  return of === '' ? <>–</> : <span class="clamped">{of}</span>;
}

function Row({ record, filter, current }: { record: DecisionRecord; filter: Filter; current: boolean }) {
  const { id, at, decision, outcome } = record;
  const { usage, model } = outcome;
  const tokens =
    usage === undefined || model === '' ? '–' : `${count(usage.promptTokens)} + ${count(usage.completionTokens)}`;
  return (
    <tr>
      <th scope="row" data-name="Time">
        <a href={link('requests', id, filter)} title={`${day(at)}, ${id}`} aria-current={current ? 'true' : undefined}>
          {clock(at)}
        </a>
      </th>
      <td data-name="Status">
        <Chip tone={STATUS_TONES[outcome.status]}>{outcome.status}</Chip>
      </td>
      <td data-name="Decision">
        <Name of={decision} />
      </td>
      <td data-name="Model">
        <Name of={model} />
      </td>
      <td data-name="Replica" class="wide-only">
        <Name of={outcome.replica} />
      </td>
      <td data-name="First token" class="number first-token">
        {outcome.ttftMs === undefined ? '–' : duration(outcome.ttftMs)}
      </td>
      <td data-name="End to end" class="number">
        {duration(outcome.e2eMs)}
      </td>
      <td data-name="Tokens" class="number wide-only">
        {tokens}
      </td>
      <td data-name="Cost" class="number cost">
        {outcome.costUsd === undefined ? '–' : usd(outcome.costUsd)}
      </td>
    </tr>
  );
}
