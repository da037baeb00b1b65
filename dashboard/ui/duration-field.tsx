import { secondsOf } from './duration.js';

interface DurationFieldProps {
  readonly label: string;
  /** Empty where nothing is said. */
  readonly value: string;
  /** What holds then, and how a time is written. */
  readonly placeholder: string;
  readonly onChange: (value: string) => void;
}

/** A time with its unit, so that what is told of a time can be written here as it is. */
export function DurationField({ label, value, placeholder, onChange }: DurationFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="text"
        maxLength={24}
        placeholder={placeholder}
        value={value}
        onInput={event => {
          const { currentTarget: input } = event;
          const wrong = input.value.trim() !== '' && secondsOf(input.value) === undefined;
          input.setCustomValidity(wrong ? 'A time from 1 s on, such as 90 s, 5 min or 1 h' : '');
          onChange(input.value.trim());
        }}
      />
    </label>
  );
}
