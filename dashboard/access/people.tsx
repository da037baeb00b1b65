import { useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { Team, User } from '../api/types.js';
import { Chip, Empty, ErrorNote, Loading, Panel } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { ACTIONS, Table } from '../ui/table.js';
import { useDoing } from './action.js';
import { OneOf } from './one-of.js';
import { RoleField } from './role-field.js';
import { allowanceText, NO_TERMS, TermsFields, termsOf } from './terms.js';
import type { PartProps, Role } from './who.js';

/** Teams and users: those to whom keys and tokens belong, with budgets of their own. */
export function People({ who }: PartProps) {
  const teams = useResource('teams', signal => call('GET /api/teams', { signal }));
  const users = useResource('users', signal => call('GET /api/users', { signal }));
  return (
    <>
      {who.role === 'admin' ? <NewTeam made={teams.reload} /> : undefined}
      {who.role === 'admin' || who.role === 'team_lead' ? (
        <NewUser who={who} teams={teams.value?.teams.map(({ id }) => id)} made={users.reload} />
      ) : undefined}
      <Panel title="Teams" id="teams">
        <ErrorNote error={teams.error} />
        {teams.value === undefined ? (
          teams.error === undefined ? (
            <Loading />
          ) : undefined
        ) : (
          <PeopleTable
            kind="Team"
            people={teams.value.teams}
            changes={who.role === 'admin'}
            turn={async ({ id, disabled }) => {
              await call('PATCH /api/teams/{id}', { params: { id }, body: { disabled: !disabled } });
              teams.reload();
            }}
          />
        )}
      </Panel>
      <Panel title="Users" id="users">
        <ErrorNote error={users.error} />
        {users.value === undefined ? (
          users.error === undefined ? (
            <Loading />
          ) : undefined
        ) : (
          <PeopleTable
            kind="User"
            people={users.value.users}
            changes={who.role === 'admin' || who.role === 'team_lead'}
            turn={async ({ id, disabled }) => {
              await call('PATCH /api/users/{id}', { params: { id }, body: { disabled: !disabled } });
              users.reload();
            }}
          />
        )}
      </Panel>
    </>
  );
}

interface PeopleTableProps {
  readonly kind: 'Team' | 'User';
  readonly people: readonly (Team | User)[];
  readonly changes: boolean;
  readonly turn: (one: Team | User) => Promise<void>;
}

function PeopleTable({ kind, people, changes, turn }: PeopleTableProps) {
  const doing = useDoing();
  if (people.length === 0) return <Empty title={`No ${kind.toLowerCase()} yet`} />;
  return (
    <>
      <ErrorNote error={doing.error} />
      <Table label={`${kind}s and what they may`} columns={[kind, 'State', 'May', ACTIONS]} rows={people}>
        {one => (
          <tr key={one.id}>
            <th scope="row">
              {one.id}
              <small class="below">{aboutText(one)}</small>
            </th>
            <td>
              <Chip tone={one.disabled ? 'warn' : 'good'}>{one.disabled ? 'disabled' : 'good'}</Chip>
            </td>
            <td>{allowanceText(one)}</td>
            <td>
              {changes ? (
                <button
                  type="button"
                  class="small"
                  disabled={doing.busy}
                  aria-label={`${one.disabled ? 'Enable' : 'Disable'} ${one.id}`}
                  onClick={() => void doing.run(() => turn(one))}
                >
                  {one.disabled ? 'Enable' : 'Disable'}
                </button>
              ) : undefined}
            </td>
          </tr>
        )}
      </Table>
    </>
  );
}

function aboutText(one: Team | User): string {
  const parts = [one.name === one.id ? '' : one.name];
  if ('role' in one) parts.push(one.role, one.team === undefined ? '' : `team ${one.team}`);
  return parts.filter(part => part !== '').join(' · ');
}

function NewTeam({ made }: { made: () => void }) {
  const [id, setId] = useState('');
  const [terms, setTerms] = useState(NO_TERMS);
  const { busy, error, run } = useDoing();
  return (
    <details class="panel">
      <summary>New team</summary>
      <form
        class="form-grid"
        onSubmit={event => {
          event.preventDefault();
          void run(async () => {
            await call('POST /api/teams', { body: { id, ...termsOf(terms) } });
            setId('');
            setTerms(NO_TERMS);
            made();
          });
        }}
      >
        <label class="field">
          <span>Name of the team</span>
          <input type="text" required value={id} onInput={event => setId(event.currentTarget.value)} />
        </label>
        <TermsFields terms={terms} onChange={setTerms} />
        <button type="submit" class="primary" disabled={busy}>
          Add the team
        </button>
      </form>
      <ErrorNote error={error} />
    </details>
  );
}

interface NewUserProps extends PartProps {
  /** Ids of teams; absent while they are not known. */
  readonly teams: readonly string[] | undefined;
  readonly made: () => void;
}

function NewUser({ who, teams, made }: NewUserProps) {
  const [id, setId] = useState('');
  const [role, setRole] = useState<Role>('user');
  const [team, setTeam] = useState(who.team ?? '');
  const [terms, setTerms] = useState(NO_TERMS);
  const { busy, error, run } = useDoing();
  return (
    <details class="panel">
      <summary>New user</summary>
      <form
        class="form-grid"
        onSubmit={event => {
          event.preventDefault();
          void run(async () => {
            await call('POST /api/users', { body: { id, role, ...(team === '' ? {} : { team }), ...termsOf(terms) } });
            setId('');
            setTerms(NO_TERMS);
            made();
          });
        }}
      >
        <label class="field">
          <span>Name of the user</span>
          <input type="text" required value={id} onInput={event => setId(event.currentTarget.value)} />
        </label>
        <RoleField of={who.role} value={role} onChange={setRole} />
        <OneOf label="Team" ids={teams} value={team} onChange={setTeam} />
        <TermsFields terms={terms} onChange={setTerms} />
        <button type="submit" class="primary" disabled={busy}>
          Add the user
        </button>
      </form>
      <ErrorNote error={error} />
    </details>
  );
}
