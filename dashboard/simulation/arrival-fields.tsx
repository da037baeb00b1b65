import type { State } from '../app.js';
import { NumberField, OptionalNumberField } from '../ui/number-field.js';

/** When requests come, and what they ask for. */
export interface ArrivalDraft {
  readonly scale: number;
  /** Requests a second; empty where they come as the trace says. */
  readonly rate: string;
  /** Empty where each asks for what its trace says, or has the router decide. */
  readonly model: string;
}

export const FIRST_ARRIVALS: ArrivalDraft = { scale: 1, rate: '', model: '' };

/** The members of a body that a draft says. */
export function arrivalsOf({ scale, rate, model }: ArrivalDraft): {
  rate_scale?: number;
  rate?: number;
  model?: string;
} {
  return {
    ...(rate === '' ? { rate_scale: scale } : { rate: Number(rate) }),
    ...(model.trim() === '' ? {} : { model: model.trim() }),
  };
}

interface ArrivalFieldsProps {
  readonly draft: ArrivalDraft;
  readonly state: State | undefined;
  readonly onChange: (draft: ArrivalDraft) => void;
}

/** How fast the requests of a trace come, and what they ask for. */
export function ArrivalFields({ draft, state, onChange }: ArrivalFieldsProps) {
  const names = [...(state?.names ?? []), ...(state?.models ?? []).map(({ name }) => name)];
  return (
    <>
      {draft.rate === '' ? (
        <NumberField
          label="Times as fast"
          value={draft.scale}
          min={0.01}
          max={1000}
          onChange={scale => onChange({ ...draft, scale })}
        />
      ) : undefined}
      <OptionalNumberField
        label="Drawn at so many requests a second"
        value={draft.rate}
        placeholder="as they came"
        min={0.01}
        max={1e6}
        onChange={rate => onChange({ ...draft, rate })}
      />
      <label class="field">
        <span>All ask for</span>
        <input
          type="text"
          list="known-models"
          maxLength={128}
          placeholder={`what the trace says, or ${state?.names[0] ?? 'auto'}`}
          value={draft.model}
          onInput={event => onChange({ ...draft, model: event.currentTarget.value })}
        />
        <datalist id="known-models">
          {names.map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </label>
    </>
  );
}
