import { useState } from 'preact/hooks';
import { type ApiError, asApiError, call } from '../api/client.js';
import { counted, duration } from '../format.js';
import { ErrorNote } from '../ui/parts.js';
import { type Backend, backendOf, type Discovery } from './backends.js';

interface FoundProps {
  readonly discovery: Discovery;
  /** URLs of backends that are in use already. */
  readonly taken: readonly string[];
  readonly onUse: (engine: Discovery['engines'][number]) => void;
  readonly onAdd: (backend: Backend) => void;
}

/** Engines of this machine and providers whose keys stand in the environment, each to be used with one click. */
export function Found({ discovery: { engines, keys, looked_at: looked }, taken, onUse, onAdd }: FoundProps) {
  if (engines.length === 0 && keys.length === 0) {
    return (
      <p class="hint">
        Nothing was found: no engine answers on this machine ({looked.map(({ name }) => name).join(', ')} were looked
        for at their usual ports), and no provider’s key stands in the environment of Weir.
      </p>
    );
  }
  return (
    <ul class="found">
      {engines.map(engine => (
        <li key={engine.url}>
          <span class="found-name">
            <b>{engine.name}</b>
            <small>
              <span class="id">{engine.url}</span> · {counted(engine.models.length, 'model')} · answers in{' '}
              {duration(engine.latency_ms)}
            </small>
          </span>
          <UseButton name={engine.name} taken={taken.includes(engine.url)} onUse={() => onUse(engine)} />
        </li>
      ))}
      {keys.map(key => (
        <ProviderLine key={key.variable} provider={key} taken={taken.includes(key.url)} onAdd={onAdd} />
      ))}
    </ul>
  );
}

function UseButton({ name, taken, onUse }: { name: string; taken: boolean; onUse: () => void }) {
  return (
    <button type="button" class={taken ? '' : 'primary'} disabled={taken} aria-label={`Use ${name}`} onClick={onUse}>
      {taken ? 'Used' : 'Use'}
    </button>
  );
}

interface ProviderProps {
  readonly provider: Discovery['keys'][number];
  readonly taken: boolean;
  readonly onAdd: (backend: Backend) => void;
}

function ProviderLine({ provider: { provider, variable, url }, taken, onAdd }: ProviderProps) {
  const [error, setError] = useState<ApiError | string | undefined>(undefined);
  const use = async (): Promise<void> => {
    setError(undefined);
    try {
      const answer = await call('POST /api/discovery/test', { body: { url, variable } });
      if (answer.reachable) onAdd(backendOf(provider, answer.url, answer.models, variable));
      else setError(answer.problem?.message ?? 'It did not answer.');
    } catch (wrong) {
      setError(asApiError(wrong));
    }
  };
  return (
    <li>
      <span class="found-name">
        <b>{provider}</b>
        <small>
          key in <code>{variable}</code> · <span class="id">{url}</span>
        </small>
      </span>
      <UseButton name={provider} taken={taken} onUse={() => void use()} />
      {typeof error === 'string' ? (
        <p class="alert" role="alert">
          {error}
        </p>
      ) : (
        <ErrorNote error={error} />
      )}
    </li>
  );
}
