import { count } from '../format.js';
import type { Backend } from './backends.js';

interface BackendListProps {
  readonly backends: readonly Backend[];
  readonly onChange: (url: string, chosen: readonly string[]) => void;
  readonly onRemove: (url: string) => void;
}

/** The models of each backend, to be ticked. */
export function BackendList({ backends, onChange, onRemove }: BackendListProps) {
  return (
    <>
      {backends.map(({ name, url, models, chosen }) => (
        <fieldset key={url} class="backend">
          <legend>
            <b>{name}</b> <span class="id">{url}</span>
          </legend>
          <div class="model-choices">
            {models.map(({ id, context }) => (
              <label key={id}>
                <input
                  type="checkbox"
                  checked={chosen.includes(id)}
                  onChange={event =>
                    onChange(url, event.currentTarget.checked ? [...chosen, id] : chosen.filter(other => other !== id))
                  }
                />
                <span>
                  {id}
                  {context === undefined ? undefined : <small> {count(context)} tokens</small>}
                </span>
              </label>
            ))}
          </div>
          <button type="button" class="small" aria-label={`Remove ${name}`} onClick={() => onRemove(url)}>
            Remove
          </button>
        </fieldset>
      ))}
    </>
  );
}
