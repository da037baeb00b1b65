import { ROLE_TEXTS, type Role, rolesBelow } from './who.js';

/** Choice among the roles that somebody with the role `of` may give. */
export function RoleField({ of, value, onChange }: { of: Role; value: Role; onChange(role: Role): void }) {
  return (
    <label class="field">
      <span>Role</span>
      <select value={value} onChange={event => onChange(event.currentTarget.value as Role)}>
        {rolesBelow(of).map(role => (
          <option key={role} value={role}>
            {ROLE_TEXTS[role]}
          </option>
        ))}
      </select>
    </label>
  );
}
