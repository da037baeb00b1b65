import { useState } from 'preact/hooks';
import { type Answer, call } from '../api/client.js';
import type { AuditEntry } from '../api/types.js';
import { count, day } from '../format.js';
import { Chip, Empty, ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { Table } from '../ui/table.js';

const PAGE = 50;

/** What was changed, by whom and from where; each entry seals the one before it. */
export function Audit() {
  const [before, setBefore] = useState<number | undefined>(undefined);
  const audit = useResource(`audit ${before ?? ''}`, signal =>
    call('GET /api/audit', { query: { limit: PAGE, ...(before === undefined ? {} : { before }) }, signal }),
  );
  const seal = useResource('audit verification', signal => call('GET /api/audit/verification', { signal }));
  const entries = [...(audit.value?.entries ?? [])].sort((a, b) => b.seq - a.seq);
  const last = entries.at(-1);
  return (
    <Panel title="Audit" id="audit" aside={<Seal seal={seal.value} />}>
      <ErrorNote error={audit.error ?? seal.error} />
      {audit.value === undefined ? (
        audit.error === undefined ? (
          <Loading what="Reading the audit log" />
        ) : undefined
      ) : entries.length === 0 ? (
        <Empty title="Nothing was changed yet" />
      ) : (
        <Table
          label="Audit log, newest first"
          className="stacked audit-table"
          columns={['Nº', 'When', 'Who', 'What', 'Of what', 'Change']}
          rows={entries}
        >
          {entry => <Row key={entry.seq} entry={entry} />}
        </Table>
      )}
      <p class="actions more-line">
        {before === undefined ? undefined : (
          <button type="button" onClick={() => setBefore(undefined)}>
            Newest
          </button>
        )}
        {last === undefined || entries.length < PAGE ? undefined : (
          <button type="button" onClick={() => setBefore(last.seq)}>
            Older
          </button>
        )}
      </p>
    </Panel>
  );
}

function Seal({ seal }: { seal: Answer<'GET /api/audit/verification'> | undefined }) {
  if (seal === undefined) return null;
  return seal.broken === undefined ? (
    <Chip tone="good">{count(seal.entries)} entries, unbroken</Chip>
  ) : (
    <Chip tone="bad">
      broken at {seal.broken.seq}: {seal.broken.why}
    </Chip>
  );
}

function Row({ entry: { seq, at, actor, action, target, before, after } }: { entry: AuditEntry }) {
  return (
    <tr>
      <td class="number" data-name="Nº">
        {seq}
      </td>
      <td data-name="When">{day(at)}</td>
      <td data-name="Who">
        {actor.kind} <span class="id">{actor.id}</span>
        {actor.address === undefined ? undefined : <small class="below">{actor.address}</small>}
      </td>
      <th scope="row">{action}</th>
      <td data-name="Of what">
        {target.kind} <span class="id">{target.id}</span>
      </td>
      <td data-name="Change" class="whole-line">
        {before === undefined && after === undefined ? (
          '–'
        ) : (
          <details>
            <summary>Show</summary>
            {before === undefined ? undefined : <Shown name="before" value={before} />}
            {after === undefined ? undefined : <Shown name="after" value={after} />}
          </details>
        )}
      </td>
    </tr>
  );
}

function Shown({ name, value }: { name: string; value: unknown }) {
  return (
    <>
      <p class="hint">{name}</p>
      <pre class="prompt-text">{JSON.stringify(value, undefined, 2)}</pre>
    </>
  );
}
