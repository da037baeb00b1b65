import type { ApiError } from '../api/client.js';
import { ErrorNote } from '../ui/parts.js';

interface ConfigurationFieldProps {
  /** What is said of it while it is the one in force, and once it is another. */
  readonly titles: readonly [inForce: string, changed: string];
  /** Of the text. */
  readonly label: string;
  readonly open?: boolean;
  readonly inForce: {
    readonly value: { readonly text: string } | undefined;
    readonly error: ApiError | undefined;
    readonly reload: () => void;
  };
  /** `undefined` is the configuration in force. */
  readonly text: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

/** A weir.yaml to be played: the one in force, until something else is written. */
export function ConfigurationField({ titles, label, open, inForce, text, onChange }: ConfigurationFieldProps) {
  return (
    <details class="simulated-file" open={open}>
      <summary>{titles[text === undefined ? 0 : 1]}</summary>
      <ErrorNote error={inForce.error} retry={inForce.reload} />
      <label class="field">
        <span>{label}</span>
        <textarea
          rows={14}
          spellcheck={false}
          value={text ?? inForce.value?.text ?? ''}
          onInput={event => onChange(event.currentTarget.value)}
        />
      </label>
      {text === undefined ? undefined : (
        <button type="button" onClick={() => onChange(undefined)}>
          As in force
        </button>
      )}
    </details>
  );
}
