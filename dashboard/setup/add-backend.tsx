import { useState } from 'preact/hooks';
import { type Answer, asApiError, call } from '../api/client.js';
import { type Api, type Backend, backendOf } from './backends.js';

interface Trouble {
  readonly message: string;
  readonly hint?: string | undefined;
}

const APIS: readonly (readonly [Api, string])[] = [
  ['openai', 'OpenAI Chat, as most do'],
  ['anthropic', 'Anthropic Messages'],
  ['responses', 'OpenAI Responses'],
];

/** Any other server that speaks an API that Weir knows: its address, and where its key is kept. */
export function AddBackend({ onAdd }: { onAdd: (backend: Backend) => void }) {
  const [url, setUrl] = useState('');
  const [api, setApi] = useState<Api>('openai');
  const [key, setKey] = useState('');
  const [variable, setVariable] = useState('');
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined);
  const test = async (): Promise<void> => {
    setAsking(true);
    setTrouble(undefined);
    try {
      const body = { url: url.trim(), api, ...(key === '' ? {} : { api_key: key }) };
      const answer: Answer<'POST /api/discovery/test'> = await call('POST /api/discovery/test', { body });
      if (answer.reachable && answer.models.length > 0) {
        const name = answer.name ?? new URL(answer.url).host;
        onAdd(backendOf({ name, url: answer.url, api, variable: variable.trim() || undefined }, answer.models));
        setUrl('');
        setKey('');
        setVariable('');
      } else setTrouble(answer.problem ?? { message: 'It answers, but offers no model.' });
    } catch (wrong) {
      const { message, detail } = asApiError(wrong);
      setTrouble({ message, hint: detail.hint });
    }
    setAsking(false);
  };
  return (
    <form
      class="add-backend"
      onSubmit={event => {
        event.preventDefault();
        void test();
      }}
    >
      <h3>Another server</h3>
      <label class="field">
        <span>Address</span>
        <input
          type="url"
          required
          placeholder="http://10.0.0.1:8000"
          value={url}
          onInput={event => setUrl(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>It speaks</span>
        <select value={api} onChange={event => setApi(event.currentTarget.value as Api)}>
          {APIS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Key to test with, if it asks for one</span>
        <input type="password" autocomplete="off" value={key} onInput={event => setKey(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>Environment variable that will hold it</span>
        <input
          type="text"
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          placeholder="MY_ENGINE_KEY"
          required={key !== ''}
          value={variable}
          onInput={event => setVariable(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={asking}>
        {asking ? 'Asking it…' : 'Test and add'}
      </button>
      {trouble === undefined ? undefined : (
        <div class="alert" role="alert">
          <p>{trouble.message}</p>
          {trouble.hint === undefined ? undefined : <p>{trouble.hint}</p>}
        </div>
      )}
    </form>
  );
}
