import { useState } from 'preact/hooks';
import { count } from '../format.js';
import type { Backend, TypedPrice } from './backends.js';

interface BackendListProps {
  readonly backends: readonly Backend[];
  readonly onChange: (changed: Backend) => void;
  readonly onRemove: (url: string) => void;
}

/** Above so many models there is a field to find one in. */
const MANY = 12;

/** The models of each backend, to be ticked. */
export function BackendList({ backends, onChange, onRemove }: BackendListProps) {
  return (
    <>
      {backends.map(backend => (
        <OneBackend key={backend.url} backend={backend} onChange={onChange} onRemove={() => onRemove(backend.url)} />
      ))}
    </>
  );
}

interface OneProps {
  readonly backend: Backend;
  readonly onChange: (changed: Backend) => void;
  readonly onRemove: () => void;
}

function OneBackend({ backend, onChange, onRemove }: OneProps) {
  const { name, url, models, chosen } = backend;
  const [sought, setSought] = useState('');
  const shown = models.filter(({ id }) => chosen.includes(id) || id.toLowerCase().includes(sought.toLowerCase()));
  const tick = (id: string, yes: boolean): void =>
    onChange({ ...backend, chosen: yes ? [...chosen, id] : chosen.filter(other => other !== id) });
  return (
    <fieldset class="backend">
      <legend>
        <b>{name}</b> <span class="id">{url}</span>
      </legend>
      {models.length > MANY ? (
        <label class="field find">
          <span>Find among {count(models.length)} models</span>
          <input type="search" value={sought} onInput={event => setSought(event.currentTarget.value)} />
        </label>
      ) : undefined}
      <div class="model-choices">
        {shown.map(({ id, kind, context }) => (
          <label key={id}>
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onChange={event => tick(id, event.currentTarget.checked)}
            />
            <span>
              {id}
              {kind === 'embedding' ? <small> for embeddings</small> : undefined}
              {context === undefined ? undefined : <small> {count(context)} tokens</small>}
            </span>
          </label>
        ))}
        {shown.length === 0 ? <p class="hint">No model is called so.</p> : undefined}
      </div>
      {backend.variable === undefined || chosen.length === 0 ? undefined : (
        <Prices backend={backend} onChange={onChange} />
      )}
      <button type="button" class="small" aria-label={`Remove ${name}`} onClick={onRemove}>
        Remove
      </button>
    </fieldset>
  );
}

/** What a provider takes for each model: cost, budgets and savings are counted by it. */
function Prices({ backend, onChange }: Omit<OneProps, 'onRemove'>) {
  const { chosen, prices } = backend;
  const set = (id: string, change: Partial<TypedPrice>): void =>
    onChange({ ...backend, prices: { ...prices, [id]: { ...(prices[id] ?? NO_PRICE), ...change } } });
  return (
    <table class="grid prices">
      <caption class="hint">
        What the provider takes, in USD per 1M tokens. Costs, budgets and savings are counted by it; left empty, the
        model counts as free.
      </caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Prompt</th>
          <th scope="col">Answer</th>
        </tr>
      </thead>
      <tbody>
        {chosen.map(id => (
          <tr key={id}>
            <th scope="row">{id}</th>
            {(['prompt', 'completion'] as const).map(part => (
              <td key={part}>
                <input
                  type="number"
                  min={0}
                  step="any"
                  placeholder="0"
                  aria-label={`Price of ${part === 'prompt' ? 'prompts' : 'answers'} of ${id}`}
                  value={prices[id]?.[part] ?? ''}
                  onInput={event => set(id, { [part]: event.currentTarget.value })}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const NO_PRICE: TypedPrice = { prompt: '', completion: '' };
