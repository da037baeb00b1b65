import { useState } from 'preact/hooks';
import { call } from '../api/client.js';
import type { IssuedKey } from '../api/types.js';
import { ErrorNote } from '../ui/parts.js';
import { useResource } from '../ui/resource.js';
import { useDoing } from './action.js';
import { OneOf } from './one-of.js';
import { RoleField } from './role-field.js';
import { NO_TERMS, TermsFields, termsOf } from './terms.js';
import type { PartProps, Role } from './who.js';

const DAY_MS = 86_400_000;

interface NewKeyProps extends PartProps {
  readonly onIssued: (key: IssuedKey) => void;
}

export function NewKey({ who, onIssued }: NewKeyProps) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('user');
  const [team, setTeam] = useState(who.team ?? '');
  const [user, setUser] = useState(who.role === 'user' ? (who.user ?? '') : '');
  const [days, setDays] = useState('');
  const [terms, setTerms] = useState(NO_TERMS);
  const teams = useResource('teams to choose from', async signal => {
    const answer = await call('GET /api/teams', { signal });
    return answer.teams.map(({ id }) => id);
  });
  const users = useResource('users to choose from', async signal => {
    const answer = await call('GET /api/users', { signal });
    return answer.users.map(({ id }) => id);
  });
  const { busy, error, run } = useDoing();
  const create = (): Promise<void> =>
    run(async () => {
      const body = {
        name,
        role,
        ...(team === '' ? {} : { team }),
        ...(user === '' ? {} : { user }),
        ...(days === '' ? {} : { expiresAt: Date.now() + Number(days) * DAY_MS }),
        ...termsOf(terms),
      };
      onIssued(await call('POST /api/keys', { body }));
      setName('');
      setTerms(NO_TERMS);
    });
  return (
    <details class="panel">
      <summary>New key</summary>
      <form
        class="form-grid"
        onSubmit={event => {
          event.preventDefault();
          void create();
        }}
      >
        <label class="field">
          <span>What it is for</span>
          <input type="text" required maxLength={100} value={name} onInput={e => setName(e.currentTarget.value)} />
        </label>
        <RoleField of={who.role} value={role} onChange={setRole} />
        <OneOf label="Team" ids={teams.value} value={team} onChange={setTeam} />
        <OneOf label="User" ids={users.value} value={user} onChange={setUser} />
        <label class="field">
          <span>Ends after days</span>
          <input type="number" min={1} placeholder="never" value={days} onInput={e => setDays(e.currentTarget.value)} />
        </label>
        <TermsFields terms={terms} onChange={setTerms} />
        <button type="submit" class="primary" disabled={busy}>
          Make the key
        </button>
      </form>
      <ErrorNote error={error} />
    </details>
  );
}
