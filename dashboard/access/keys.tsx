import { useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { IssuedKey, Key } from '../api/types.js';
import { day } from '../format.js';
import { Chip, Empty, ErrorNote, Loading, Panel, type Tone } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { ACTIONS, Table } from '../ui/table.js';
import { Confirmed, type Doing, useDoing } from './action.js';
import { NewKey } from './new-key.js';
import { Secret } from './secret.js';
import { allowanceText } from './terms.js';
import type { PartProps } from './who.js';

/** Keys: made, rotated, shut off and ended. */
export function Keys({ who }: PartProps) {
  const keys = useResource('keys', signal => call('GET /api/keys', { signal }));
  const [issued, setIssued] = useState<IssuedKey | undefined>(undefined);
  const doing = useDoing();
  const isIssued = (key: IssuedKey): void => {
    setIssued(key);
    keys.reload();
  };
  return (
    <>
      {issued === undefined ? undefined : <Secret issued={issued} onDone={() => setIssued(undefined)} />}
      {who.role === 'viewer' ? undefined : <NewKey who={who} onIssued={isIssued} />}
      <Panel title="Keys" id="keys">
        <ErrorNote error={doing.error ?? keys.error} />
        {keys.value === undefined ? (
          keys.error === undefined ? (
            <Loading what="Reading the keys" />
          ) : undefined
        ) : keys.value.keys.length === 0 ? (
          <Empty title="No key yet" />
        ) : (
          <Table
            label="Keys and what they may"
            className="stacked keys-table"
            columns={['Key', 'State', 'Belongs to', 'May', 'Last used', ACTIONS]}
            rows={keys.value.keys}
          >
            {key => <Row key={key.id} of={key} who={who} doing={doing} onIssued={isIssued} changed={keys.reload} />}
          </Table>
        )}
      </Panel>
    </>
  );
}

interface RowProps extends PartProps {
  readonly of: Key;
  readonly doing: Doing;
  readonly onIssued: (key: IssuedKey) => void;
  readonly changed: () => void;
}

function Row({ of: key, who, doing, onIssued, changed }: RowProps) {
  const { id, name, prefix, role, team, user, disabled, lastUsedAt, revokedAt } = key;
  const [state, tone] = stateOf(key);
  const params = { id };
  const turn = (): Promise<void> =>
    doing.run(async () => {
      await call('PATCH /api/keys/{id}', { params, body: { disabled: !disabled } });
      changed();
    });
  const rotate = (): Promise<void> =>
    doing.run(async () => onIssued(await call('POST /api/keys/{id}/rotate', { params, body: {} })));
  const revoke = (): Promise<void> =>
    doing.run(async () => {
      await call('POST /api/keys/{id}/revoke', { params, body: {} });
      changed();
    });
  const owner = [team === undefined ? undefined : `team ${team}`, user === undefined ? undefined : `user ${user}`];
  return (
    <tr data-key={id}>
      <th scope="row" class="whole-line">
        {name}
        <small class="below">
          <span class="id">{prefix}…</span> · {role}
        </small>
      </th>
      <td data-name="State">
        <Chip tone={tone}>{state}</Chip>
      </td>
      <td data-name="Belongs to">{owner.filter(part => part !== undefined).join(', ') || '–'}</td>
      <td data-name="May">{allowanceText(key)}</td>
      <td data-name="Last used">{lastUsedAt === undefined ? 'never' : day(lastUsedAt)}</td>
      <td class="whole-line">
        {who.role === 'viewer' || revokedAt !== undefined ? undefined : (
          <span class="actions">
            <button
              type="button"
              class="small"
              aria-label={`${disabled ? 'Enable' : 'Disable'} ${name}`}
              disabled={doing.busy}
              onClick={() => void turn()}
            >
              {disabled ? 'Enable' : 'Disable'}
            </button>
            <Confirmed
              label="Rotate"
              about={name}
              question="New secret; the old one ends in a day"
              onConfirm={() => void rotate()}
            />
            <Confirmed label="Revoke" about={name} question="Revoke for good" onConfirm={() => void revoke()} />
          </span>
        )}
      </td>
    </tr>
  );
}

function stateOf({ revokedAt, expiresAt, disabled, previousUntil }: Key): [string, Tone] {
  const now = Date.now();
  if (revokedAt !== undefined) return ['revoked', 'bad'];
  if (expiresAt !== undefined && expiresAt <= now) return ['expired', 'bad'];
  if (disabled) return ['disabled', 'warn'];
  if (previousUntil !== undefined && previousUntil > now) return ['rotating', 'accent'];
  return ['good', 'good'];
}
