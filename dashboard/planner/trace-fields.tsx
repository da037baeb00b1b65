import type { TraceSource } from '../api/types.js';

/** What a form knows of a trace before it is sent. */
export interface TraceDraft {
  readonly from: TraceSource['from'];
  readonly kind: 'azure' | 'lmsys' | 'agent';
  readonly rate: number;
  readonly requests: number;
  readonly hours: number;
  readonly file: { readonly name: string; readonly text: string } | undefined;
}

export const FIRST_TRACE: TraceDraft = {
  ...{ from: 'generated', kind: 'azure', rate: 20, requests: 5000, hours: 24, file: undefined },
};

/** Longest file: what the gateway takes as a body, with room for the rest of it. */
const MOST_BYTES = 3_900_000;

const KINDS = [
  ['azure', 'Azure 2023, code and chats'],
  ['lmsys', 'LMSYS chats of two turns'],
  ['agent', 'agents of ten turns (synthetic)'],
] as const;

/** The source that a draft says; `undefined` while something is missing. */
export function sourceOf({ from, kind, rate, requests, hours, file }: TraceDraft): TraceSource | undefined {
  if (from === 'generated') return { from, kind, rate, requests };
  if (from === 'traffic') return { from, hours };
  return file === undefined ? undefined : { from, text: file.text };
}

interface TraceFieldsProps {
  readonly draft: TraceDraft;
  readonly onChange: (draft: TraceDraft) => void;
  readonly onTrouble: (message: string | undefined) => void;
}

/** Which requests: generated, this gateway's own, or a file's. */
export function TraceFields({ draft, onChange, onTrouble }: TraceFieldsProps) {
  const read = async (file: File | undefined): Promise<void> => {
    onTrouble(undefined);
    if (file === undefined) return;
    if (file.size > MOST_BYTES) {
      onTrouble(
        `${file.name} has ${file.size} bytes; here at most ${MOST_BYTES} are taken. The command line takes more.`,
      );
      return;
    }
    onChange({ ...draft, file: { name: file.name, text: await file.text() } });
  };
  return (
    <>
      <label class="field">
        <span>Requests</span>
        <select
          value={draft.from}
          onChange={event => onChange({ ...draft, from: event.currentTarget.value as TraceDraft['from'] })}
        >
          <option value="generated">generated, like a known workload</option>
          <option value="traffic">what this gateway answered</option>
          <option value="text">a trace file</option>
        </select>
      </label>
      {draft.from === 'generated' ? (
        <>
          <label class="field">
            <span>Like</span>
            <select
              value={draft.kind}
              onChange={event => onChange({ ...draft, kind: event.currentTarget.value as TraceDraft['kind'] })}
            >
              {KINDS.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <NumberField
            label="Requests a second"
            value={draft.rate}
            min={0.01}
            max={100_000}
            onChange={rate => onChange({ ...draft, rate })}
          />
          <NumberField
            label="How many"
            value={draft.requests}
            min={2}
            max={50_000}
            onChange={n => onChange({ ...draft, requests: Math.round(n) })}
          />
        </>
      ) : draft.from === 'traffic' ? (
        <NumberField
          label="Of the last hours"
          value={draft.hours}
          min={0.1}
          max={720}
          onChange={hours => onChange({ ...draft, hours })}
        />
      ) : (
        <label class="field">
          <span>Trace file</span>
          <input type="file" onChange={event => void read(event.currentTarget.files?.[0])} />
          <small>
            {draft.file === undefined ? 'Azure, Mooncake, BurstGPT, Vidur, vLLM or Weir’s own form' : draft.file.name}
          </small>
        </label>
      )}
    </>
  );
}

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
