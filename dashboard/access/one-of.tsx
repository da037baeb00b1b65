interface OneOfProps {
  readonly label: string;
  /** Absent while they are not known, or to whoever may not see them. */
  readonly ids: readonly string[] | undefined;
  /** Empty for none of them. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}

/** One of the teams or users that there are, or none. */
export function OneOf({ label, ids = [], value, onChange }: OneOfProps) {
  const options = value === '' || ids.includes(value) ? ids : [value, ...ids];
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={event => onChange(event.currentTarget.value)}>
        <option value="">none</option>
        {options.map(id => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
    </label>
  );
}
