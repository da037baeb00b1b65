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
    <ul class="found" aria-label="Found on this machine">
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

interface UseProps {
  readonly name: string;
  readonly taken: boolean;
  readonly busy?: boolean;
  readonly onUse: () => void;
}

function UseButton({ name, taken, busy = false, onUse }: UseProps) {
  const said = taken ? 'Added' : busy ? 'Asking' : 'Use';
  return (
    <button
      type="button"
      class={taken ? '' : 'primary'}
      disabled={taken || busy}
      aria-label={`${said} ${name}`}
      onClick={onUse}
    >
      {said}
    </button>
  );
}

interface ProviderProps {
  readonly provider: Discovery['keys'][number];
  readonly taken: boolean;
  readonly onAdd: (backend: Backend) => void;
}

function ProviderLine({ provider: { provider, variable, url, api }, taken, onAdd }: ProviderProps) {
  const [error, setError] = useState<ApiError | string | undefined>(undefined);
  const [asking, setAsking] = useState(false);
  const use = async (): Promise<void> => {
    setError(undefined);
    setAsking(true);
    try {
      const answer = await call('POST /api/discovery/test', { body: { url, variable, api } });
      if (answer.reachable) onAdd(backendOf({ name: provider, url: answer.url, api, variable }, answer.models));
      else setError([answer.problem?.message ?? 'It did not answer', answer.problem?.hint].filter(Boolean).join('; '));
    } catch (wrong) {
      setError(asApiError(wrong));
    }
    setAsking(false);
  };
  return (
    <li>
      <span class="found-name">
        <b>{provider}</b>
        <small>
          key in <code>{variable}</code> · <span class="id">{url}</span>
        </small>
      </span>
      <UseButton name={provider} taken={taken} busy={asking} onUse={() => void use()} />
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
