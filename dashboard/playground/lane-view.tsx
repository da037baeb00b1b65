import type { State } from '../app.js';
import { Story } from '../story/story.js';
import { Foretold, Outline } from '../story/timeline.js';
import { useObserved } from '../ui/observed.js';
import { link } from '../ui/routing.js';
import { APIS } from './apis/apis.js';
import { Conversation } from './conversation.js';
import type { Lane } from './lane.js';

/** A model as `GET /v1/models` lists it. */
export interface ListedModel {
  readonly id: string;
  readonly virtual?: boolean;
  readonly description?: string;
  readonly kind?: string;
}

interface LaneProps {
  readonly lane: Lane;
  /** Its place among the others, from 1; absent when it is alone. */
  readonly number: number | undefined;
  readonly models: readonly ListedModel[];
  readonly onRemove: () => void;
}

/** A conversation, of whom it is asked, and how fast the answer comes. */
export function LaneView({ lane, number, models, onRemove }: LaneProps) {
  useObserved(lane);
  const of = number === undefined ? '' : ` ${number}`;
  const groups = [
    ['Weir decides', models.filter(({ virtual }) => virtual === true)],
    ['Straight to a model', models.filter(({ virtual }) => virtual !== true)],
  ] as const;
  const chosen = models.find(({ id }) => id === lane.model);
  return (
    <section class="lane" aria-label={number === undefined ? 'Conversation' : `Conversation ${number}`}>
      <div class="asked-of">
        <label class="field">
          <span>Model{of}</span>
          <select
            value={lane.model}
            disabled={lane.busy}
            onChange={event => lane.choose({ model: event.currentTarget.value })}
          >
            {models.length === 0 ? <option>{lane.model}</option> : undefined}
            {groups.map(([label, group]) => (
              <optgroup key={label} label={label}>
                {group.map(({ id }) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <label class="field">
          <span>API{of}</span>
          <select
            value={lane.api}
            disabled={lane.busy}
            onChange={event => lane.choose({ api: event.currentTarget.value })}
          >
            {APIS.map(({ name, label }) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        {number === undefined ? (
          <p class="hint about">
            {chosen?.description ?? (chosen?.virtual === true ? 'the policy chooses the model' : '')}
          </p>
        ) : (
          <button type="button" class="small" onClick={onRemove} aria-label={`Remove conversation ${number}`}>
            Remove
          </button>
        )}
      </div>
      <Conversation lane={lane} label={`Conversation${of}`} />
      <p class="speed" data-speed>
        {lane.speed}
      </p>
    </section>
  );
}

/** The story of what a lane asked last, told as far as it is known. */
export function LaneStory({ lane, state }: { lane: Lane; state: State | undefined }) {
  useObserved(lane);
  const { progress } = lane;
  switch (progress.stage) {
    case 'none':
      return (
        <>
          <p class="hint">Each request goes this way. Send one, and this becomes its story.</p>
          <Outline />
        </>
      );
    case 'sent':
      return <p class="hint">On its way…</p>;
    case 'nameless':
      return <p class="hint">It ended before the gateway had named it.</p>;
    case 'begun':
      return (
        <>
          <p class="id">{progress.preview.id}</p>
          <Foretold preview={progress.preview} />
        </>
      );
    case 'ended':
      return (
        <>
          <p class="id">
            <a href={link('requests', progress.id)}>{progress.id}</a>
          </p>
          <Story id={progress.id} state={state} preview={progress.preview} />
        </>
      );
  }
}
