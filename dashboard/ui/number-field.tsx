interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

export function NumberField({ label, value, min, max, onChange }: NumberFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        required
        step="any"
        min={min}
        max={max}
        value={value}
        onInput={event => {
          const given = event.currentTarget.valueAsNumber;
          if (Number.isFinite(given)) onChange(given);
        }}
      />
    </label>
  );
}

interface OptionalNumberFieldProps {
  readonly label: string;
  /** Empty where nothing is said. */
  readonly value: string;
  /** What holds then. */
  readonly placeholder: string;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: string) => void;
}

export function OptionalNumberField({ label, value, placeholder, min, max, onChange }: OptionalNumberFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        step="any"
        min={min}
        max={max}
        placeholder={placeholder}
        value={value}
        onInput={event => onChange(event.currentTarget.value)}
      />
    </label>
  );
}
