import type { State } from '../app.js';
import { NumberField } from '../ui/number-field.js';

/** When requests come, and what they ask for. */
export interface ArrivalDraft {
  /** When the trace says, faster or slower by one factor, or at random. */
  readonly come: 'traced' | 'scaled' | 'drawn';
  /** How many times as fast, where they are scaled. */
  readonly scale: number;
  /** Requests a second, where they are drawn. */
  readonly rate: number;
  /** Empty where each asks for what its trace says, or has the router decide. */
  readonly model: string;
}

export const FIRST_ARRIVALS: ArrivalDraft = { come: 'traced', scale: 2, rate: 20, model: '' };

/** The members of a body that a draft says. */
export function arrivalsOf({ come, scale, rate, model }: ArrivalDraft): {
  rate_scale?: number;
  rate?: number;
  model?: string;
} {
  return {
    ...(come === 'scaled' ? { rate_scale: scale } : {}),
    ...(come === 'drawn' ? { rate } : {}),
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
      <label class="field">
        <span>They come</span>
        <select
          value={draft.come}
          onChange={event => onChange({ ...draft, come: event.currentTarget.value as ArrivalDraft['come'] })}
        >
          <option value="traced">when the trace says</option>
          <option value="scaled">faster or slower than that</option>
          <option value="drawn">at random, at another rate</option>
        </select>
      </label>
      {draft.come === 'scaled' ? (
        <NumberField
          label="Times as fast as in the trace"
          value={draft.scale}
          min={0.01}
          max={1000}
          onChange={scale => onChange({ ...draft, scale })}
        />
      ) : draft.come === 'drawn' ? (
        <NumberField
          label="At random, requests a second"
          value={draft.rate}
          min={0.01}
          max={1e6}
          onChange={rate => onChange({ ...draft, rate })}
        />
      ) : undefined}
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
